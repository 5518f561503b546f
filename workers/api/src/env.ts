import type { ContainerObject } from './objects/container/container-object.ts';
import type { HostObject } from './objects/host/host-object.ts';
import type { ServingEnv } from '@control-plane/serving';

/** Bindings, variables and secrets of the api worker (workers/api/wrangler.toml). */
export interface Env extends ServingEnv {
  readonly CONTAINERS: DurableObjectNamespace<ContainerObject>;
  readonly HOSTS: DurableObjectNamespace<HostObject>;
  /** Host name of the API without a realm, for example `api.example.com` or `api.localhost`. */
  readonly API_DOMAIN: string;
  /** Keys of packages/signing. */
  readonly SIGNING_KEYS: string;
  /** 64 hex digits: what must be readable again (secrets of second factors) is encrypted with it. */
  readonly ENCRYPTION_KEY: string;
  /** Names of the servers, commas between, on which new accounts get a free container; none when absent. */
  readonly FREE_TIER_SERVERS?: string;
  /** `true`: the free tier opens with an invite code only. */
  readonly FREE_TIER_INVITE_ONLY?: string;
  /** Sender of all mail, for example `Example <no-reply@example.com>`. */
  readonly MAIL_FROM?: string;
  /** Key of an HTTP mail provider that speaks as Resend does. */
  readonly MAIL_API_KEY?: string;
  /** Where that provider takes mail; Resend's address when absent. */
  readonly MAIL_API_URL?: string;
  /** Cloudflare's e-mail binding, used without a provider. */
  readonly EMAIL?: SendEmail;
  /** Where mail goes when neither is set: a service that takes one JSON mail per POST. */
  readonly MAIL?: Fetcher;
  /** https URIs, spaces between, that a sign-in may send browsers to; none: no sign-in by redirect. */
  readonly OAUTH_REDIRECT_URIS?: string;
  /** The one of them at which launches end; the first when absent. */
  readonly OAUTH_LAUNCH_REDIRECT_URI?: string;
  /** A provider is offered when its client id and secret are set; the endpoints are its own by default. */
  readonly OAUTH_GITHUB_CLIENT_ID?: string;
  readonly OAUTH_GITHUB_CLIENT_SECRET?: string;
  readonly OAUTH_GITHUB_AUTHORIZE_URL?: string;
  readonly OAUTH_GITHUB_TOKEN_URL?: string;
  readonly OAUTH_GITHUB_API_URL?: string;
  /** Google, or any other OpenID provider in its place. */
  readonly OAUTH_GOOGLE_CLIENT_ID?: string;
  readonly OAUTH_GOOGLE_CLIENT_SECRET?: string;
  readonly OAUTH_GOOGLE_AUTHORIZE_URL?: string;
  readonly OAUTH_GOOGLE_TOKEN_URL?: string;
  readonly OAUTH_GOOGLE_USERINFO_URL?: string;
}
