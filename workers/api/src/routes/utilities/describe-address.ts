/** What the edge may say of where a request comes from; each field is absent when it does not know. */
interface EdgeFacts {
  readonly city?: unknown;
  readonly region?: unknown;
  readonly country?: unknown;
  readonly latitude?: unknown;
  readonly longitude?: unknown;
  readonly postalCode?: unknown;
  readonly timezone?: unknown;
  readonly asn?: unknown;
  readonly asOrganization?: unknown;
}

/** The facts that the edge has of an address; null when it has none (a local stack, for example). */
export function describeAddress(address: string, edge: object | undefined) {
  const facts: EdgeFacts = edge ?? {};
  const known = {
    ...textField('city', facts.city),
    ...textField('region', facts.region),
    ...textField('country', facts.country),
    ...textField('postal', facts.postalCode),
    ...textField('timezone', facts.timezone),
    ...locationOf(facts),
    ...systemOf(facts),
  };
  return Object.keys(known).length === 0 ? null : { ip: address, ...known };
}

function textField<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const field: Partial<Record<string, string>> =
    typeof value === 'string' && value !== '' ? { [name]: value } : {};
  return field as Partial<Record<Name, string>>;
}

function locationOf(edge: EdgeFacts): { loc?: string } {
  const { latitude, longitude } = edge;
  if (typeof latitude !== 'string' || typeof longitude !== 'string') return {};
  return { loc: `${latitude},${longitude}` };
}

function systemOf(edge: EdgeFacts): { asn?: Record<string, unknown> } {
  if (typeof edge.asn !== 'number') return {};
  return { asn: { asn: `AS${edge.asn}`, ...textField('name', edge.asOrganization) } };
}
