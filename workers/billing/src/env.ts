/** Variables and secrets of the billing worker (wrangler.toml beside this folder). */
export interface Env {
  readonly DATABASE_URL: string;
  readonly DATABASE_TOKEN: string;
  /** The local stack's straight way to the database; production has none. */
  readonly DATABASE?: Fetcher;
}
