ALTER TABLE `auth_tokens` ADD `denies_reauthorization` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `auth_tokens_maker` ON `auth_tokens` (`created_by_token_id`);--> statement-breakpoint
CREATE INDEX `auth_tokens_public_key` ON `auth_tokens` (`public_key`);