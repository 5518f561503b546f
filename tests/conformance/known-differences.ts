/**
 * The reviewed departures from the compatible contract. One that is not listed fails the conformance
 * test, and so does a listed one that is no longer there.
 */
interface KnownDifferences {
  readonly reason: string;
  /** Where, as the comparison tells it. */
  readonly at: readonly string[];
  readonly operationIds: readonly string[];
}

const REALM_BOUND = 'a resource carries at most 100 realms: everything that is stored has a bound';
const NOT_SERVED = ['operation'] as const;

export const KNOWN_DIFFERENCES: readonly KnownDifferences[] = [
  {
    reason: 'not served yet: networks of containers',
    at: NOT_SERVED,
    operationIds: [
      'containers.getNetworkConfig',
      'containers.removeNetworkConfig',
      'containers.startNetwork',
      'containers.stopNetwork',
      'containers.updateNetworkConfig',
      'containers.updateNetworkConfig.patch',
    ],
  },
  {
    reason: 'not served yet: the image market',
    at: NOT_SERVED,
    operationIds: ['images.importFree', 'images.rate'],
  },
  {
    reason: 'a page and its size are whole numbers; a fraction has no meaning',
    at: ['query.page:type', 'query.limit:type'],
    operationIds: [
      'containers.getStatusLogs',
      'containers.list',
      'containers.listByProject',
      'projects.list',
      'projects.listPermissions',
    ],
  },
  {
    reason: 'a page and its size are whole numbers; a fraction has no meaning',
    at: ['query.page:type', 'query.limit:type'],
    operationIds: ['wallet.listAiFeeHistory'],
  },
  {
    reason: 'a page has a whole number of lines',
    at: ['query.limit:type'],
    operationIds: ['wallet.listTransactions'],
  },
  {
    reason: 'what is wrong with an amount has codes of its own; its text is bounded',
    at: ['request.amount:maxLength'],
    operationIds: ['wallet.createCryptoInvoice', 'wallet.createStripeCheckout', 'wallet.transferToAi'],
  },
  {
    reason: 'texts of queries are bounded',
    at: ['query.sort_by:maxLength', 'query.filter:maxLength'],
    operationIds: ['wallet.listInvoices'],
  },
  {
    reason: 'a list begins at its first line',
    at: ['query.offset:minimum'],
    operationIds: ['wallet.listCryptoPaymentIntents', 'wallet.listStripePaymentIntents'],
  },
  {
    reason: 'an invoice stays as it is: none is ever superseded',
    at: ['response.200.data.billing_details.superseded_by:missing'],
    operationIds: ['wallet.getInvoice'],
  },
  {
    reason: 'a number of containers is whole',
    at: ['request.max_containers:type'],
    operationIds: ['projects.create', 'projects.update'],
  },
  {
    reason: REALM_BOUND,
    at: ['request.realm_ids:maxItems'],
    operationIds: [
      'authTokens.create',
      'authTokens.update',
      'containers.create',
      'containers.update',
      'projects.create',
      'projects.update',
    ],
  },
  {
    reason: 'texts of queries are bounded; the runtime selector names four sections',
    at: ['query.runtime:maxLength'],
    operationIds: ['containers.get', 'containers.list', 'containers.listByProject'],
  },
  {
    reason: 'texts of queries are bounded',
    at: ['query.architecture:maxLength', 'query.os:maxLength', 'query.search:maxLength'],
    operationIds: ['images.listPublic'],
  },
  {
    reason: 'something that is no e-mail address can get no mail; saying so is kinder than silence',
    at: ['request.email:format'],
    operationIds: ['authentication.resendVerification', 'authentication.signup'],
  },
  {
    reason: 'RFC 7636: the base64url form of a SHA-256 has 43 characters',
    at: ['request.code_challenge:pattern'],
    operationIds: ['authentication.login', 'authentication.verifyEmail'],
  },
  {
    reason: 'the same pattern, written with escapes',
    at: ['request.redirect_uri:pattern'],
    operationIds: ['authentication.oauthAuthorize', 'authentication.oauthExchange'],
  },
  {
    reason: 'RFC 7636: the base64url form of a SHA-256 has 43 characters; texts of queries are bounded',
    at: [
      'query.code_challenge:maxLength',
      'query.code_challenge:minLength',
      'query.code_challenge:pattern',
      'query.redirect_uri:maxLength',
    ],
    operationIds: ['authentication.githubOAuthRedirect', 'authentication.googleOAuthRedirect'],
  },
  {
    reason: 'what a provider may hand over in an address is bounded',
    at: [
      'query.code:maxLength',
      'query.error:maxLength',
      'query.error_description:maxLength',
      'query.error_uri:maxLength',
      'query.state:maxLength',
    ],
    operationIds: ['authentication.githubOAuthCallback', 'authentication.googleOAuthCallback'],
  },
  {
    reason: 'no token of ours is that long',
    at: ['request.refreshToken:maxLength'],
    operationIds: ['authentication.refreshToken'],
  },
  {
    reason: "existing clients send the refresh token in the body only, so its header isn't demanded",
    at: ['auth:open'],
    operationIds: ['authentication.refreshToken'],
  },
  {
    reason: 'banned users may read their own profile and log out',
    at: ['response.403.ACCOUNT_BANNED'],
    operationIds: [
      'authentication.getCurrentUser',
      'authentication.getCurrentUserAlias',
      'authentication.logout',
    ],
  },
  {
    reason: 'a whitelist has at most 100 entries, each an address or a network; an expiry is a time',
    at: [
      'request.expires_at:maxLength',
      'request.ip_whitelist:maxItems',
      'request.ip_whitelist:maxLength',
      'request.ip_whitelist[]:maxLength',
    ],
    operationIds: ['authTokens.create', 'authTokens.update'],
  },
  {
    reason: 'an expiry is a time, which is short',
    at: ['request.expires_at:maxLength'],
    operationIds: ['authTokens.copy'],
  },
  {
    reason:
      'the newer contract: names of variables have at most 128 characters here, and there are at most 256',
    at: ['request.environment_vars.*key:maxLength', 'request.environment_vars:maxProperties'],
    operationIds: ['containers.create', 'containers.update'],
  },
  {
    reason: 'the newer contract: at most 256 variables',
    at: ['request:maxProperties'],
    operationIds: ['env.bulkSet'],
  },
  {
    reason: 'keys and names of snapshots are bounded',
    at: ['request.ssh_public_key:maxLength', 'request.source_snapshot:maxLength'],
    operationIds: ['containers.copy'],
  },
  {
    reason: 'a sync makes no container, so it meets no limit of them',
    at: ['response.400.SERVER_CONTAINER_LIMIT'],
    operationIds: ['containers.sync'],
  },
  {
    reason: 'a key of 16384 bits needs 2800 characters; what is stored has a bound',
    at: ['request.ssh_public_key:maxLength'],
    operationIds: ['containers.create', 'containers.update'],
  },
  {
    reason: 'an image is named os/release; the default image is asked for with null, not with an empty name',
    at: ['request.container_image:minLength', 'request.container_image:maxLength'],
    operationIds: ['containers.create'],
  },
  {
    reason: 'the alphabet of names is that of create, or a rename could make a name that create refuses',
    at: ['request.name:pattern'],
    operationIds: ['containers.update'],
  },
  {
    reason: 'the server names snapshots, and only so; other names are refused before anything is looked up',
    at: ['path.name:maxLength', 'path.name:pattern'],
    operationIds: [
      'containers.deleteSnapshot',
      'containers.restoreSnapshot',
      'containers.updateSnapshotAlias',
    ],
  },
  {
    reason: 'the bound of an alias at create',
    at: ['request.alias:maxLength'],
    operationIds: ['containers.updateSnapshotAlias'],
  },
  {
    reason: 'the leaf follows the operation: start, stop or restart, named for each of the six',
    at: ['permission.containers.actions.{operation}'],
    operationIds: ['containers.manage'],
  },
  {
    reason: 'there are no subservers that could sleep, and no service in between that could fail',
    at: ['response.409.SUBSERVER_DORMANT', 'response.500.EXTERNAL_SERVICE_ERROR'],
    operationIds: ['containers.manage'],
  },
  {
    reason: 'a code of a second factor has 6 or 10 characters, blanks and hyphens aside; tokens are bounded',
    at: ['request.code:minLength', 'request.code:maxLength'],
    operationIds: ['tfa.disable', 'tfa.verify'],
  },
  {
    reason: 'no temp token of ours is that long, nor is one empty',
    at: ['request.temp_token:minLength', 'request.temp_token:maxLength'],
    operationIds: ['tfa.verify'],
  },
  {
    reason: 'a password has the bounds that it has at login',
    at: ['request.password:minLength', 'request.password:maxLength'],
    operationIds: ['tfa.setTokenGate'],
  },
  {
    reason: 'a time of a query is ISO 8601, as every time of this API is',
    at: [
      'query.start_date:maxLength',
      'query.start_date:pattern',
      'query.end_date:maxLength',
      'query.end_date:pattern',
    ],
    operationIds: ['activity.list'],
  },
  {
    reason: 'texts and lists of queries are bounded',
    at: [
      'query.country:maxLength',
      'query.region:maxLength',
      'query.available_durations:maxItems',
      'query.ram_types:maxItems',
      'query.disk_types:maxItems',
    ],
    operationIds: ['serverRental.browse'],
  },
  {
    reason: 'no list begins before its first entry',
    at: ['query.offset:minimum'],
    operationIds: ['serverRental.listMyReservations'],
  },
  {
    reason: 'every amount has a bound',
    at: ['request.max_charge_cents:maximum'],
    operationIds: ['serverRental.rent'],
  },
  {
    reason: 'every amount has a bound; a time is ISO 8601, as every time of this API is',
    at: ['request.max_charge_cents:maximum', 'request.expected_rental_end:format'],
    operationIds: ['rentals.extend'],
  },
  {
    reason: 'days and cents are whole; a key is bounded, and an id is an id',
    at: [
      'request.days:type',
      'request.max_charge_cents:type',
      'request.idempotency_key:maxLength',
      'request.pool_id:pattern',
    ],
    operationIds: ['serverRental.reserveServerOffer'],
  },
];
