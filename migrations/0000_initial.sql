CREATE TABLE `auth_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`alias` text NOT NULL,
	`secret_hash` text NOT NULL,
	`public_key` text,
	`public_storage_json` text,
	`ip_whitelist_json` text DEFAULT '["*"]' NOT NULL,
	`realm_ids_json` text DEFAULT '[]' NOT NULL,
	`allow_no_realm` integer DEFAULT true NOT NULL,
	`permissions_json` text NOT NULL,
	`vault_access` integer DEFAULT false NOT NULL,
	`event_access` integer DEFAULT true NOT NULL,
	`is_enabled` integer DEFAULT true NOT NULL,
	`created_by_token_id` text,
	`delegation_depth` integer DEFAULT 0 NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`last_used_ip` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `auth_tokens_secret` ON `auth_tokens` (`secret_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `auth_tokens_user_alias` ON `auth_tokens` (`user_id`,`alias`);--> statement-breakpoint
CREATE TABLE `container_realms` (
	`container_id` text NOT NULL,
	`realm_id` text NOT NULL,
	PRIMARY KEY(`container_id`, `realm_id`),
	FOREIGN KEY (`container_id`) REFERENCES `containers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `container_realms_realm` ON `container_realms` (`realm_id`);--> statement-breakpoint
CREATE TABLE `containers` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`user_id` text NOT NULL,
	`server_id` text NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`version` integer NOT NULL,
	`incarnation` integer NOT NULL,
	`record_json` text NOT NULL,
	`is_prespawn` integer DEFAULT false NOT NULL,
	`is_default` integer DEFAULT false NOT NULL,
	`server_expired_at` integer,
	`deleted_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `containers_project` ON `containers` (`project_id`,`deleted_at`);--> statement-breakpoint
CREATE INDEX `containers_user` ON `containers` (`user_id`,`deleted_at`,`created_at`);--> statement-breakpoint
CREATE INDEX `containers_server` ON `containers` (`server_id`,`deleted_at`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`event_type` text NOT NULL,
	`resource_type` text NOT NULL,
	`resource_id` text NOT NULL,
	`payload_json` text NOT NULL,
	`realm_ids_json` text DEFAULT '[]' NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_user` ON `events` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `events_type` ON `events` (`user_id`,`event_type`);--> statement-breakpoint
CREATE TABLE `host_join_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`server_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`scope` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`seed` text NOT NULL,
	`state` text NOT NULL,
	`lease_until` integer NOT NULL,
	`response_status` integer,
	`response_body` text,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`scope`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_expiry` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `images` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`alias` text NOT NULL,
	`description` text DEFAULT '' NOT NULL,
	`os` text NOT NULL,
	`release` text NOT NULL,
	`variant` text,
	`architecture` text NOT NULL,
	`serial` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`price_cents` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `images_name_architecture` ON `images` (`name`,`architecture`);--> statement-breakpoint
CREATE TABLE `login_history` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`client_address` text NOT NULL,
	`user_agent` text,
	`succeeded` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `login_history_user` ON `login_history` (`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `mail_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`kind` text NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `mail_tokens_user` ON `mail_tokens` (`user_id`,`kind`);--> statement-breakpoint
CREATE TABLE `project_permissions` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`user_id` text NOT NULL,
	`level` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `project_permissions_pair` ON `project_permissions` (`project_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `project_permissions_user` ON `project_permissions` (`user_id`);--> statement-breakpoint
CREATE TABLE `project_realms` (
	`project_id` text NOT NULL,
	`realm_id` text NOT NULL,
	PRIMARY KEY(`project_id`, `realm_id`),
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `project_realms_realm` ON `project_realms` (`realm_id`);--> statement-breakpoint
CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`alias` text NOT NULL,
	`color` text NOT NULL,
	`max_containers` integer,
	`is_default` integer DEFAULT false NOT NULL,
	`deleting_since` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `projects_user_alias` ON `projects` (`user_id`,`alias`);--> statement-breakpoint
CREATE TABLE `server_grants` (
	`server_id` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`server_id`, `user_id`),
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `server_grants_user` ON `server_grants` (`user_id`);--> statement-breakpoint
CREATE TABLE `server_images` (
	`server_id` text NOT NULL,
	`image_id` text NOT NULL,
	`is_default` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`server_id`, `image_id`),
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`image_id`) REFERENCES `images`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `servers` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`public_key` text,
	`country` text,
	`region` text,
	`city` text,
	`datacenter` text,
	`category` text DEFAULT 'general' NOT NULL,
	`is_ready` integer DEFAULT false NOT NULL,
	`max_containers` integer,
	`max_snapshots_per_container` integer DEFAULT 50 NOT NULL,
	`facts_json` text,
	`capabilities_json` text,
	`drivers_json` text,
	`last_seen_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `servers_name` ON `servers` (`name`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`container_id` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`user_id` text NOT NULL,
	`alias` text,
	`stateful` integer NOT NULL,
	`size_bytes` integer NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`container_id`, `name`)
);
--> statement-breakpoint
CREATE INDEX `snapshots_expiry` ON `snapshots` (`expires_at`);--> statement-breakpoint
CREATE TABLE `status_logs` (
	`container_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`id` text NOT NULL,
	`from_status` text,
	`to_status` text NOT NULL,
	`triggered_by` text NOT NULL,
	`triggered_by_user_id` text,
	`operation_id` text,
	`command` text,
	`cause` text,
	`duration_ms` integer,
	`transition_time` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`container_id`, `sequence`)
);
--> statement-breakpoint
CREATE INDEX `status_logs_time` ON `status_logs` (`container_id`,`transition_time`);--> statement-breakpoint
CREATE TABLE `unique_holds` (
	`kind` text NOT NULL,
	`scope` text NOT NULL,
	`value` text NOT NULL,
	`container_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `scope`, `value`)
);
--> statement-breakpoint
CREATE INDEX `unique_holds_container` ON `unique_holds` (`container_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`username` text NOT NULL,
	`alias` text,
	`password_hash` text NOT NULL,
	`email_verified` integer DEFAULT false NOT NULL,
	`is_admin` integer DEFAULT false NOT NULL,
	`is_banned` integer DEFAULT false NOT NULL,
	`session_generation` integer DEFAULT 1 NOT NULL,
	`signup_method` text DEFAULT 'email' NOT NULL,
	`metadata_json` text DEFAULT '{}' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_username` ON `users` (`username`);