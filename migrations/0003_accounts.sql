CREATE TABLE `activity_log` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`realm_id` text,
	`method` text NOT NULL,
	`path` text NOT NULL,
	`status_code` integer NOT NULL,
	`client_address` text NOT NULL,
	`user_agent` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `activity_log_user` ON `activity_log` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `activity_log_time` ON `activity_log` (`created_at`);--> statement-breakpoint
CREATE TABLE `invite_codes` (
	`code_hash` text PRIMARY KEY NOT NULL,
	`uses_max` integer DEFAULT 1 NOT NULL,
	`uses_count` integer DEFAULT 0 NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `two_factor` (
	`user_id` text PRIMARY KEY NOT NULL,
	`sealed_secret` text NOT NULL,
	`verified_at` integer,
	`last_used_step` integer,
	`require_for_tokens` integer DEFAULT true NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `two_factor_backup_codes` (
	`user_id` text NOT NULL,
	`code_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `code_hash`),
	FOREIGN KEY (`user_id`) REFERENCES `two_factor`(`user_id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `login_history` ADD `event` text DEFAULT 'login' NOT NULL;--> statement-breakpoint
ALTER TABLE `login_history` ADD `client` text;--> statement-breakpoint
CREATE INDEX `login_history_time` ON `login_history` (`created_at`);--> statement-breakpoint
ALTER TABLE `users` ADD `public_key` text;--> statement-breakpoint
ALTER TABLE `users` ADD `onboarding_json` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `signup_region` text;--> statement-breakpoint
ALTER TABLE `users` ADD `signup_invite_hash` text;--> statement-breakpoint
ALTER TABLE `users` ADD `signup_code_failed` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `free_tier_unlocked_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `free_tier_unlock_source` text;