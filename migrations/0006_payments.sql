CREATE TABLE `payment_customers` (
	`provider` text NOT NULL,
	`user_id` text NOT NULL,
	`customer_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `user_id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `payment_customers_customer` ON `payment_customers` (`provider`,`customer_id`);--> statement-breakpoint
CREATE TABLE `payment_intents` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`realm_id` text,
	`provider` text NOT NULL,
	`status` text NOT NULL,
	`amount_cents` integer NOT NULL,
	`currency` text NOT NULL,
	`idempotency_key` text,
	`redirect_url` text,
	`transfer_reference` text,
	`credited_at` integer,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "payment_intents_amount" CHECK("payment_intents"."amount_cents" > 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `payment_intents_key` ON `payment_intents` (`user_id`,`provider`,`idempotency_key`);--> statement-breakpoint
CREATE INDEX `payment_intents_user` ON `payment_intents` (`user_id`,`provider`,`created_at`);--> statement-breakpoint
CREATE INDEX `payment_intents_open` ON `payment_intents` (`status`,`updated_at`);--> statement-breakpoint
CREATE TABLE `payment_methods` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`details_json` text NOT NULL,
	`is_default` integer DEFAULT false NOT NULL,
	`provider_method_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `payment_methods_user` ON `payment_methods` (`user_id`,`created_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `payment_methods_default` ON `payment_methods` (`user_id`) WHERE "payment_methods"."is_default" = 1;--> statement-breakpoint
CREATE UNIQUE INDEX `payment_methods_provider` ON `payment_methods` (`provider_method_id`);--> statement-breakpoint
CREATE TABLE `payment_parts` (
	`provider` text NOT NULL,
	`kind` text NOT NULL,
	`reference` text NOT NULL,
	`intent_id` text NOT NULL,
	`stage` text NOT NULL,
	`amount_cents` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `kind`, `reference`),
	FOREIGN KEY (`intent_id`) REFERENCES `payment_intents`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "payment_parts_amount" CHECK("payment_parts"."amount_cents" >= 0)
);
--> statement-breakpoint
CREATE INDEX `payment_parts_intent` ON `payment_parts` (`intent_id`);--> statement-breakpoint
CREATE TABLE `payment_references` (
	`provider` text NOT NULL,
	`reference` text NOT NULL,
	`intent_id` text NOT NULL,
	PRIMARY KEY(`provider`, `reference`),
	FOREIGN KEY (`intent_id`) REFERENCES `payment_intents`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `payment_references_intent` ON `payment_references` (`intent_id`);--> statement-breakpoint
CREATE TABLE `payment_revisions` (
	`user_id` text NOT NULL,
	`revision` integer NOT NULL,
	`intent_id` text NOT NULL,
	`provider` text NOT NULL,
	`event_id` text NOT NULL,
	`status` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `revision`)
);
--> statement-breakpoint
CREATE INDEX `payment_revisions_intent` ON `payment_revisions` (`intent_id`);--> statement-breakpoint
CREATE TABLE `webhook_inbox` (
	`provider` text NOT NULL,
	`event_id` text NOT NULL,
	`event_type` text NOT NULL,
	`body` text NOT NULL,
	`received_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `webhook_inbox_time` ON `webhook_inbox` (`received_at`);--> statement-breakpoint
CREATE TABLE `webhook_outcomes` (
	`provider` text NOT NULL,
	`event_id` text NOT NULL,
	`outcome` text NOT NULL,
	`subject` text,
	`intent_id` text,
	`processed_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `webhook_outcomes_subject` ON `webhook_outcomes` (`provider`,`subject`);