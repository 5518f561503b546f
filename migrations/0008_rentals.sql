CREATE TABLE `market_listings` (
	`server_id` text PRIMARY KEY NOT NULL,
	`is_listed` integer DEFAULT true NOT NULL,
	`slots` integer DEFAULT 1 NOT NULL,
	`is_featured` integer DEFAULT false NOT NULL,
	`popularity_rank` integer,
	`model` text,
	`is_vm` integer DEFAULT false NOT NULL,
	`specs_json` text,
	`prices_json` text NOT NULL,
	`setup_fee_cents` integer DEFAULT 0 NOT NULL,
	`setup_time_minutes` integer DEFAULT 0 NOT NULL,
	`hold_days` integer DEFAULT 7 NOT NULL,
	`metering_json` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `metering_intervals` (
	`container_id` text NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`rental_id` text NOT NULL,
	`project_id` text NOT NULL,
	`compute_ms` integer NOT NULL,
	`memory_ms` integer NOT NULL,
	`storage_ms` integer NOT NULL,
	`cost_units` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`container_id`, `starts_at`),
	FOREIGN KEY (`rental_id`) REFERENCES `rentals`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `metering_intervals_project` ON `metering_intervals` (`project_id`,`starts_at`);--> statement-breakpoint
CREATE INDEX `metering_intervals_rental` ON `metering_intervals` (`rental_id`,`starts_at`);--> statement-breakpoint
CREATE TABLE `offer_reservations` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`realm_id` text,
	`offer_id` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`pool_id` text,
	`days` integer NOT NULL,
	`state` text NOT NULL,
	`ready_by` integer NOT NULL,
	`delivery_hours` integer NOT NULL,
	`setup_time_minutes` integer NOT NULL,
	`hold_days` integer NOT NULL,
	`rental_cents` integer NOT NULL,
	`setup_fee_cents` integer NOT NULL,
	`offer_snapshot_json` text NOT NULL,
	`transaction_id` text,
	`server_id` text,
	`rental_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`offer_id`) REFERENCES `server_offers`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `offer_reservations_key` ON `offer_reservations` (`user_id`,`idempotency_key`);--> statement-breakpoint
CREATE INDEX `offer_reservations_user` ON `offer_reservations` (`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `rentals` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`realm_id` text,
	`server_id` text NOT NULL,
	`pool_id` text,
	`status` text NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`hold_days` integer NOT NULL,
	`rental_cents` integer NOT NULL,
	`setup_fee_cents` integer NOT NULL,
	`renewal_prices_json` text,
	`transaction_id` text,
	`warned_ms` integer,
	`metering_json` text,
	`metered_until` integer NOT NULL,
	`carried_units` integer DEFAULT 0 NOT NULL,
	`due_cents` integer DEFAULT 0 NOT NULL,
	`suspended_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rentals_living` ON `rentals` (`server_id`,`user_id`) WHERE status <> 'ended';--> statement-breakpoint
CREATE INDEX `rentals_user` ON `rentals` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `rentals_server` ON `rentals` (`server_id`,`status`);--> statement-breakpoint
CREATE INDEX `rentals_course` ON `rentals` (`status`,`ends_at`);--> statement-breakpoint
CREATE TABLE `server_offers` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`country` text NOT NULL,
	`region` text,
	`city` text,
	`datacenter` text,
	`specs_json` text NOT NULL,
	`prices_json` text NOT NULL,
	`hold_rules_json` text,
	`setup_fee_cents` integer DEFAULT 0 NOT NULL,
	`setup_fee_rules_json` text,
	`delivery_hours` integer NOT NULL,
	`setup_time_minutes` integer DEFAULT 0 NOT NULL,
	`stock` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `user_images` (
	`user_id` text NOT NULL,
	`image_id` text NOT NULL,
	`paid_cents` integer NOT NULL,
	`transaction_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `image_id`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`image_id`) REFERENCES `images`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `server_grants` ADD `rental_id` text;--> statement-breakpoint
ALTER TABLE `server_grants` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `server_grants` ADD `suspended_at` integer;