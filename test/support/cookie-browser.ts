import { request } from 'undici';

/** A browser as far as sign-in needs one: keeps cookies by host and port, and follows redirects with the fragment of each. */
export interface Visited {
  /** Where it ended, with the fragment. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Every address on the way, the last one included. */
  readonly way: readonly string[];
}

export class CookieBrowser {
  /** By authority, then by name. */
  readonly cookies = new Map<string, Map<string, string>>();

  /** Authority whose cookies are not kept. */
  refuses: string | null = null;

  /** Origins with TLS, and the port on loopback where they are served as behind a proxy that ends it. */
  readonly #behindProxy: { readonly origins: readonly string[]; readonly port: number } | null;

  constructor(behindProxy: { readonly origins: readonly string[]; readonly port: number } | null = null) {
    this.#behindProxy = behindProxy;
  }

  /** One request as a navigation, without following. */
  async open(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    const headers = new Headers(init.headers);
    if (!headers.has('accept')) headers.set('accept', 'text/html');
    if (!headers.has('sec-fetch-mode')) headers.set('sec-fetch-mode', 'navigate');
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await send(this.#place(url, headers), init, headers);
    for (const line of host === this.refuses ? [] : response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const removed = attributes.some((one) => one === 'Max-Age=0' || /^expires=thu, 01 jan 1970/i.test(one));
      if (removed) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  #place(url: string, headers: Headers): string {
    const { origin, host, pathname, search } = new URL(url);
    if (!this.#behindProxy?.origins.includes(origin)) return url;
    headers.set('host', host);
    headers.set('x-forwarded-proto', 'https');
    return `http://127.0.0.1:${this.#behindProxy.port}${pathname}${search}`;
  }

  /** A navigation with its redirects, those of a page without script included. `until`: an address that is not opened. */
  async visit(url: string, init: RequestInit = {}, until: (url: string) => boolean = () => false): Promise<Visited> {
    const way = [url];
    let next = url;
    let asked = init;
    for (;;) {
      if (way.length > 30) throw new Error(`too many redirects: ${way.slice(-4).join(' ')}`);
      const response = await this.open(next, asked);
      const text = await response.text();
      const refresh = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(text)?.[1]?.replaceAll('&#38;', '&');
      const location = response.headers.get('location') ?? refresh;
      const to = location === undefined ? null : new URL(location, next);
      if (to !== null && to.hash === '') to.hash = new URL(next).hash;
      if (to === null || until(to.href))
        return { url: to?.href ?? next, status: response.status, headers: response.headers, text, way };
      next = to.href;
      way.push(next);
      asked = {};
    }
  }
}

/** `fetch` of Node would state a `Sec-Fetch-Mode` of its own. */
async function send(url: string, { method = 'GET', body }: RequestInit, headers: Headers): Promise<Response> {
  const sent = await request(url, {
    method: method as 'GET',
    headers: Object.fromEntries(headers),
    body: body === undefined || body === null ? null : String(body),
  });
  const bytes = await sent.body.arrayBuffer();
  const received = Object.entries(sent.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  const isEmpty = sent.statusCode === 204 || sent.statusCode === 304;
  return new Response(isEmpty ? null : bytes, { status: sent.statusCode, headers: received });
}
