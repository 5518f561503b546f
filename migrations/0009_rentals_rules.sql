-- What the market refuses, whoever writes. A message `rentals: NAME` is what the code recovers a refusal from.
CREATE TRIGGER `rentals_take_slot` BEFORE INSERT ON `rentals` BEGIN
	SELECT raise(ABORT, 'rentals: HELD_ALREADY')
	WHERE EXISTS (
		SELECT 1 FROM `rentals`
		WHERE `server_id` = NEW.`server_id` AND `user_id` = NEW.`user_id` AND `status` <> 'ended' AND `id` <> NEW.`id`);
	SELECT raise(ABORT, 'rentals: SERVER_TAKEN')
	WHERE (SELECT count(*) FROM `rentals` WHERE `server_id` = NEW.`server_id` AND `status` <> 'ended')
		>= coalesce((SELECT `slots` FROM `market_listings` WHERE `server_id` = NEW.`server_id`), 0);
END;
--> statement-breakpoint
CREATE TRIGGER `rentals_stay_ended` BEFORE UPDATE OF `status` ON `rentals` WHEN OLD.`status` = 'ended' AND NEW.`status` <> 'ended' BEGIN
	SELECT raise(ABORT, 'rentals: ENDED');
END;
--> statement-breakpoint
CREATE TRIGGER `rentals_are_kept` BEFORE DELETE ON `rentals` BEGIN
	SELECT raise(ABORT, 'rentals: KEPT');
END;
--> statement-breakpoint
CREATE TRIGGER `offer_reservations_take_stock` BEFORE INSERT ON `offer_reservations` BEGIN
	SELECT raise(ABORT, 'rentals: OFFER_SOLD_OUT')
	WHERE NOT EXISTS (
		SELECT 1 FROM `server_offers` WHERE `id` = NEW.`offer_id` AND `is_active` = 1 AND coalesce(`stock`, 1) > 0);
END;
--> statement-breakpoint
CREATE TRIGGER `offer_reservations_count_down` AFTER INSERT ON `offer_reservations` BEGIN
	UPDATE `server_offers` SET `stock` = `stock` - 1 WHERE `id` = NEW.`offer_id` AND `stock` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `offer_reservations_settle_once` BEFORE UPDATE OF `state` ON `offer_reservations` WHEN OLD.`state` <> 'pending' BEGIN
	SELECT raise(ABORT, 'rentals: RESERVATION_SETTLED');
END;
--> statement-breakpoint
CREATE TRIGGER `offer_reservations_give_back` AFTER UPDATE OF `state` ON `offer_reservations` WHEN NEW.`state` = 'refunded' BEGIN
	UPDATE `server_offers` SET `stock` = `stock` + 1 WHERE `id` = NEW.`offer_id` AND `stock` IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `metering_intervals_fit` BEFORE INSERT ON `metering_intervals` BEGIN
	SELECT raise(ABORT, 'rentals: INTERVAL_OVERLAPS')
	WHERE NEW.`starts_at` >= NEW.`ends_at`
		OR NEW.`cost_units` < 0
		OR max(NEW.`compute_ms`, NEW.`memory_ms`, NEW.`storage_ms`) > NEW.`ends_at` - NEW.`starts_at`
		OR EXISTS (
			SELECT 1 FROM `metering_intervals`
			WHERE `container_id` = NEW.`container_id` AND `starts_at` < NEW.`ends_at` AND `ends_at` > NEW.`starts_at`
				AND `starts_at` <> NEW.`starts_at`);
END;
--> statement-breakpoint
CREATE TRIGGER `metering_intervals_stay` BEFORE UPDATE ON `metering_intervals` BEGIN
	SELECT raise(ABORT, 'rentals: INTERVAL_POSTED');
END;
--> statement-breakpoint
CREATE TRIGGER `metering_intervals_are_kept` BEFORE DELETE ON `metering_intervals` BEGIN
	SELECT raise(ABORT, 'rentals: INTERVAL_POSTED');
END;
