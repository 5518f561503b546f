/** Bindings, variables and secrets of the realm router (wrangler.toml in the root). */
export interface Env {
  readonly API: Fetcher;
  readonly BILLING: Fetcher;
  /** Host name of the API without a realm, for example `api.example.com` or `api.localhost`. */
  readonly API_DOMAIN: string;
  /** Keys of packages/signing. */
  readonly SIGNING_KEYS: string;
  /**
   * The header in which the edge states the client's address and which no client can set itself
   * (`cf-connecting-ip` at Cloudflare). Empty: there is no such edge, as in the local stack, which listens
   * on loopback only; then every client is 127.0.0.1.
   */
  readonly CLIENT_ADDRESS_HEADER: string;
  /** Decimal number of bytes; 1 MiB when absent. */
  readonly BODY_BYTES_MAX?: string;
}
