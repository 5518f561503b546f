CREATE TABLE `ai_reservations` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`service` text NOT NULL,
	`held_micros` integer NOT NULL,
	`spent_micros` integer,
	`state` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ai_reservations_user` ON `ai_reservations` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `ai_reservations_expiry` ON `ai_reservations` (`state`,`expires_at`);--> statement-breakpoint
CREATE TABLE `bonus_claims` (
	`provider` text NOT NULL,
	`subject` text NOT NULL,
	`user_id` text NOT NULL,
	`transaction_id` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `subject`),
	FOREIGN KEY (`transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `bonus_claims_user` ON `bonus_claims` (`provider`,`user_id`);--> statement-breakpoint
CREATE TABLE `invoice_pdfs` (
	`invoice_id` text PRIMARY KEY NOT NULL,
	`pdf_base64` text NOT NULL,
	`sha256` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`invoice_id`) REFERENCES `invoices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `invoices` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`transaction_id` text NOT NULL,
	`year` integer NOT NULL,
	`number` integer NOT NULL,
	`invoice_number` text NOT NULL,
	`status` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`currency` text NOT NULL,
	`document_json` text NOT NULL,
	`issue_date` integer NOT NULL,
	`due_date` integer NOT NULL,
	`paid_date` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invoices_transaction` ON `invoices` (`transaction_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `invoices_number` ON `invoices` (`year`,`number`);--> statement-breakpoint
CREATE UNIQUE INDEX `invoices_invoice_number` ON `invoices` (`invoice_number`);--> statement-breakpoint
CREATE INDEX `invoices_user` ON `invoices` (`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `ledger_accounts` (
	`kind` text NOT NULL,
	`user_id` text NOT NULL,
	`balance_micros` integer NOT NULL,
	`last_posting` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `user_id`),
	CONSTRAINT "ledger_accounts_sign" CHECK(case when "ledger_accounts"."kind" = 'user_receivable' then "ledger_accounts"."balance_micros" <= 0
        when "ledger_accounts"."kind" in ('user_general', 'user_general_held', 'user_ai', 'user_ai_held', 'user_ai_spent') then "ledger_accounts"."balance_micros" >= 0
        else 1 end)
);
--> statement-breakpoint
CREATE INDEX `ledger_accounts_user` ON `ledger_accounts` (`user_id`);--> statement-breakpoint
CREATE TABLE `ledger_postings` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`transaction_id` text NOT NULL,
	`line` integer NOT NULL,
	`account_kind` text NOT NULL,
	`user_id` text NOT NULL,
	`amount_micros` integer NOT NULL,
	FOREIGN KEY (`transaction_id`) REFERENCES `ledger_transactions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_postings_line` ON `ledger_postings` (`transaction_id`,`line`);--> statement-breakpoint
CREATE TABLE `ledger_transactions` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`user_id` text NOT NULL,
	`description` text NOT NULL,
	`reference_type` text,
	`reference_id` text,
	`dedupe_key` text,
	`payment_method_id` text,
	`metadata_json` text DEFAULT '{}' NOT NULL,
	`postings_json` text NOT NULL,
	`amount_micros` integer NOT NULL,
	`created_at` integer NOT NULL,
	CONSTRAINT "ledger_transactions_amount" CHECK("ledger_transactions"."amount_micros" > 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transactions_dedupe` ON `ledger_transactions` (`dedupe_key`);--> statement-breakpoint
CREATE INDEX `ledger_transactions_user` ON `ledger_transactions` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `ledger_transactions_reference` ON `ledger_transactions` (`reference_type`,`reference_id`);