CREATE TABLE `warm_pools` (
	`server_id` text NOT NULL,
	`image` text NOT NULL,
	`ramdisk` integer NOT NULL,
	`size` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`server_id`, `image`, `ramdisk`)
);
