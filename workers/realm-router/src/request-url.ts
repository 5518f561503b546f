/** A request's URL, or what can be said of it when its Host header makes it none. */
export interface RequestUrl {
  readonly url: URL;
  /** False: the Host header is malformed, and `url` holds a stand-in host with the real path. */
  readonly isValid: boolean;
}

const PATH_OF_MALFORMED = /^[a-z]+:\/\/[^/]*(\/.*)?$/is;

/** Parses the URL that the runtime made of request line and Host header, which may be anything at all. */
export function requestUrlOf(text: string): RequestUrl {
  if (URL.canParse(text)) return { url: new URL(text), isValid: true };
  const path = PATH_OF_MALFORMED.exec(text)?.[1] ?? '/';
  const standIn = `http://malformed.invalid${path}`;
  return { url: new URL(URL.canParse(standIn) ? standIn : 'http://malformed.invalid/'), isValid: false };
}
