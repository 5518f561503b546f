-- What the ledger refuses, whoever writes. A message `ledger: NAME` is what the code recovers a refusal from.
-- Each check stands in a BEFORE trigger, so that `INSERT OR REPLACE` can't go around it either.
CREATE TRIGGER `ledger_transactions_check` BEFORE INSERT ON `ledger_transactions` BEGIN
	SELECT raise(ABORT, 'ledger: DUPLICATE_TRANSACTION')
	WHERE EXISTS (SELECT 1 FROM `ledger_transactions` WHERE `id` = NEW.`id`)
		OR EXISTS (SELECT 1 FROM `ledger_transactions` WHERE `dedupe_key` = NEW.`dedupe_key`);
	SELECT raise(ABORT, 'ledger: MALFORMED')
	WHERE NOT json_valid(NEW.`postings_json`)
		OR json_type(NEW.`postings_json`) <> 'array'
		OR json_array_length(NEW.`postings_json`) NOT BETWEEN 2 AND 20
		OR NOT json_valid(NEW.`metadata_json`);
	-- The AI world is user_ai, user_ai_held and user_ai_spent. Only a transfer comes in, and nothing goes out.
	SELECT CASE
		WHEN malformed > 0 THEN raise(ABORT, 'ledger: MALFORMED')
		WHEN accounts <> postings THEN raise(ABORT, 'ledger: ACCOUNT_TWICE')
		WHEN total <> 0 THEN raise(ABORT, 'ledger: UNBALANCED')
		WHEN ai_postings NOT IN (0, postings) AND (NEW.`type` <> 'transfer_to_ai' OR ai_losses > 0)
			THEN raise(ABORT, 'ledger: AI_CREDIT_IS_FINAL')
	END
	FROM (
		SELECT count(*) AS postings,
			count(DISTINCT kind || ':' || owner) AS accounts,
			sum(amount) AS total,
			sum(kind IN ('user_ai', 'user_ai_held', 'user_ai_spent')) AS ai_postings,
			sum(kind IN ('user_ai', 'user_ai_held', 'user_ai_spent') AND amount < 0) AS ai_losses,
			sum(shape IS NOT 'array'
				OR typeof(kind) <> 'text'
				OR typeof(owner) <> 'text'
				OR typeof(amount) <> 'integer'
				OR amount = 0
				OR amount NOT BETWEEN -1000000000000000 AND 1000000000000000
				OR CASE
					WHEN kind IN ('user_general', 'user_general_held', 'user_receivable')
						THEN length(owner) <> 24 OR amount % 10000 <> 0
					WHEN kind IN ('user_ai', 'user_ai_held', 'user_ai_spent')
						THEN owner <> NEW.`user_id`
					WHEN kind IN ('stripe_clearing', 'nowpayments_clearing', 'bank_clearing', 'revenue', 'transfer_fees',
						'tax', 'promotional', 'provider_fees', 'dispute_losses', 'adjustments')
						THEN owner <> ''
					ELSE 1
				END) AS malformed
		FROM (
			SELECT type AS shape,
				CASE type WHEN 'array' THEN json_extract(value, '$[0]') END AS kind,
				CASE type WHEN 'array' THEN json_extract(value, '$[1]') END AS owner,
				CASE type WHEN 'array' THEN json_extract(value, '$[2]') END AS amount
			FROM json_each(NEW.`postings_json`)));
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transactions_post` AFTER INSERT ON `ledger_transactions` BEGIN
	INSERT INTO `ledger_postings` (`transaction_id`, `line`, `account_kind`, `user_id`, `amount_micros`)
	SELECT NEW.`id`, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
	FROM json_each(NEW.`postings_json`)
	ORDER BY key;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_postings_check` BEFORE INSERT ON `ledger_postings` BEGIN
	SELECT raise(ABORT, 'ledger: POSTING_WITHOUT_TRANSACTION')
	WHERE EXISTS (SELECT 1 FROM `ledger_postings` WHERE `transaction_id` = NEW.`transaction_id` AND `line` = NEW.`line`)
		OR EXISTS (SELECT 1 FROM `ledger_postings` WHERE `sequence` = NEW.`sequence`)
		OR NOT EXISTS (
			SELECT 1 FROM `ledger_transactions`
			WHERE `id` = NEW.`transaction_id`
				AND json_extract(`postings_json`, '$[' || NEW.`line` || ']')
					= json_array(NEW.`account_kind`, NEW.`user_id`, NEW.`amount_micros`));
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_postings_count` AFTER INSERT ON `ledger_postings` BEGIN
	INSERT INTO `ledger_accounts` (`kind`, `user_id`, `balance_micros`, `last_posting`, `created_at`, `updated_at`)
	SELECT NEW.`account_kind`, NEW.`user_id`, 0, 0, `created_at`, `created_at` FROM `ledger_transactions`
	WHERE `id` = NEW.`transaction_id`
		AND NOT EXISTS (
			SELECT 1 FROM `ledger_accounts` WHERE `kind` = NEW.`account_kind` AND `user_id` = NEW.`user_id`);
	UPDATE `ledger_accounts`
	SET `balance_micros` = `balance_micros` + NEW.`amount_micros`,
		`last_posting` = NEW.`sequence`,
		`updated_at` = (SELECT `created_at` FROM `ledger_transactions` WHERE `id` = NEW.`transaction_id`)
	WHERE `kind` = NEW.`account_kind` AND `user_id` = NEW.`user_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_open` BEFORE INSERT ON `ledger_accounts` BEGIN
	SELECT raise(ABORT, 'ledger: BALANCE_WITHOUT_POSTING')
	WHERE NEW.`balance_micros` <> 0
		OR NEW.`last_posting` <> 0
		OR EXISTS (SELECT 1 FROM `ledger_accounts` WHERE `kind` = NEW.`kind` AND `user_id` = NEW.`user_id`);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_move` BEFORE UPDATE ON `ledger_accounts` BEGIN
	SELECT raise(ABORT, 'ledger: BALANCE_WITHOUT_POSTING')
	WHERE NEW.`kind` <> OLD.`kind`
		OR NEW.`user_id` <> OLD.`user_id`
		OR NEW.`last_posting` <= OLD.`last_posting`
		OR NEW.`balance_micros` - OLD.`balance_micros` IS NOT (
			SELECT `amount_micros` FROM `ledger_postings`
			WHERE `sequence` = NEW.`last_posting` AND `account_kind` = NEW.`kind` AND `user_id` = NEW.`user_id`);
	SELECT raise(ABORT, 'ledger: INSUFFICIENT_BALANCE')
	WHERE NEW.`kind` = 'user_general' AND NEW.`balance_micros` < 0;
	SELECT raise(ABORT, 'ledger: INSUFFICIENT_AI_BALANCE')
	WHERE NEW.`kind` = 'user_ai' AND NEW.`balance_micros` < 0;
	SELECT raise(ABORT, 'ledger: INSUFFICIENT_HELD_BALANCE')
	WHERE NEW.`kind` IN ('user_general_held', 'user_ai_held', 'user_ai_spent') AND NEW.`balance_micros` < 0;
	SELECT raise(ABORT, 'ledger: DEBT_OVERPAID')
	WHERE NEW.`kind` = 'user_receivable' AND NEW.`balance_micros` > 0;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transactions_keep` BEFORE UPDATE ON `ledger_transactions` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transactions_stay` BEFORE DELETE ON `ledger_transactions` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_postings_keep` BEFORE UPDATE ON `ledger_postings` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_postings_stay` BEFORE DELETE ON `ledger_postings` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_stay` BEFORE DELETE ON `ledger_accounts` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `bonus_claims_keep` BEFORE UPDATE ON `bonus_claims` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `invoices_number_next` BEFORE INSERT ON `invoices` BEGIN
	SELECT raise(ABORT, 'ledger: DUPLICATE_INVOICE')
	WHERE EXISTS (
		SELECT 1 FROM `invoices`
		WHERE `id` = NEW.`id` OR `transaction_id` = NEW.`transaction_id` OR `invoice_number` = NEW.`invoice_number`);
	SELECT raise(ABORT, 'ledger: INVOICE_NUMBER_GAP')
	WHERE NEW.`number` <> (SELECT coalesce(max(`number`), 0) + 1 FROM `invoices` WHERE `year` = NEW.`year`);
END;
--> statement-breakpoint
CREATE TRIGGER `invoices_keep` BEFORE UPDATE ON `invoices` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
--> statement-breakpoint
CREATE TRIGGER `invoices_stay` BEFORE DELETE ON `invoices` BEGIN
	SELECT raise(ABORT, 'ledger: IMMUTABLE');
END;
