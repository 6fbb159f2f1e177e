/** Chromium and a client in Go at a gateway that serves TLS itself: redirect, sign-in with its cookies, event streams, resumption. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { type OpenidProvider, startOpenidProvider, webSecret } from '../support/openid-provider.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';

const run = promisify(execFile);
const authority = createAuthority();
const pair = authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'] });
/** Ten events, 20 ms apart. */
const service = createServer((request, response) => {
  if (request.url !== '/events') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>page</title><p>${request.url}</p>`);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    response.write(`data: ${sent}\n\n`);
    if (sent < 10) return;
    clearInterval(timer);
    response.end();
  }, 20);
  response.on('close', () => clearInterval(timer));
});
let folder: ConfigFolder;
let openid: OpenidProvider;
let gateway: RunningGateway;
let origin: string;
let plain: number;

beforeAll(async () => {
  folder = createConfigFolder();
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const port = await freePort();
  plain = await freePort();
  origin = `https://localhost:${port}`;
  openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] });
  const target = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const config = `version: 1
server:
  listen:
    - { address: "127.0.0.1:${port}", tls: { certificates: [{ cert: a.pem, key: a-key.pem }] }, http2: true, strictTransportSecurity: { maxAge: 5m } }
    - { address: "127.0.0.1:${plain}", redirectToHttps: ${port} }
  admin: false
cache: { secret: a secret of the gateway with 32 characters }
upstreams: { pages: { targets: ["${target}"] } }
signIn:
  origin: ${origin}
  sessions: { store: memory }
  providers: { corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: "${webSecret}", scopes: [openid, profile] } }
routes:
  - { id: open, match: { path: /open/** }, upstream: pages, access: public }
  - { id: events, match: { path: /events }, upstream: pages, access: public }
  - { id: own, match: { path: /own/** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
`;
  gateway = await startGateway(config, (path) => (path === 'a.pem' ? pair.cert : pair.key));
});
afterAll(async () => {
  await gateway?.close();
  await openid?.close();
  service.closeAllConnections();
  service.close();
  folder?.remove();
});

test('Chromium is redirected to https, signs in with cookies that no other host or port without TLS can set, and reads events', async () => {
  const chromium: Browser | null = await launchChromium();
  if (chromium === null) skipHere(noChromium);
  try {
    const context = await chromium.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`http://localhost:${plain}/own/a?b=c`);
    await page.waitForURL(`${origin}/own/a?b=c`);
    expect(await page.locator('p').textContent()).toBe('/own/a?b=c');
    const cookies = (await context.cookies(origin)).filter(({ name }) => name.includes('rolegate'));
    expect(cookies.length).toBeGreaterThan(0);
    for (const { name, secure, httpOnly } of cookies) {
      expect(name).toMatch(/^__Host-rolegate/);
      expect([secure, httpOnly]).toEqual([true, true]);
    }
    const events = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          const source = new EventSource('/events');
          source.onmessage = ({ data }) => {
            seen.push(String(data));
            if (seen.length === 10) {
              source.close();
              resolve(seen);
            }
          };
        }),
    );
    const protocol = await page.evaluate(() => JSON.stringify(performance.getEntries()[0]));
    expect(JSON.parse(protocol)).toMatchObject({ nextHopProtocol: 'h2' });
    expect(events).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  } finally {
    await chromium.close();
  }
}, 500_000);

const program = `package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	pem, _ := os.ReadFile(os.Args[2])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		settings := &tls.Config{RootCAs: roots, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
		for range 2 {
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}}
			response, err := client.Get(os.Args[1] + "/open/x")
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			client.CloseIdleConnections()
			fmt.Println(response.StatusCode, response.Proto, tls.VersionName(response.TLS.Version), response.TLS.DidResume, response.Header.Get("Strict-Transport-Security"), len(body) > 0)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	response, err := client.Get(os.Args[1] + "/events")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	count := 0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if len(lines.Text()) > 0 {
			count++
		}
	}
	fmt.Println("events", count)
}
`;

test("Go's client verifies the certificate, resumes sessions of TLS 1.2 and 1.3, and reads events", async () => {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/local/go/bin`, GO111MODULE: 'off' };
  if (spawnSync('go', ['version'], { env }).error !== undefined) skipHere('no go: install Go, or put it on the PATH');
  const file = folder.write('client.go', program);
  const ca = join(file, '..', 'ca.pem');
  writeFileSync(ca, authority.cert);
  const { stdout } = await run('go', ['run', file, origin, ca], { env, timeout: 240_000 });
  expect(stdout.trim().split('\n')).toEqual([
    '200 HTTP/2.0 TLS 1.2 false max-age=300 true',
    '200 HTTP/2.0 TLS 1.2 true max-age=300 true',
    '200 HTTP/2.0 TLS 1.3 false max-age=300 true',
    '200 HTTP/2.0 TLS 1.3 true max-age=300 true',
    'events 10',
  ]);
}, 260_000);
