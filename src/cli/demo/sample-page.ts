/** The page of the demo's service, for browsers: who the gateway says that is, and where its own pages are. */
import { hash } from 'node:crypto';

/** What the gateway adds. */
const identity = ['user-id', 'user-name', 'groups'] as const;

/** Headers of a request. */
type Received = Readonly<Record<string, unknown>>;

const style = `
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 38rem); place-content: center; padding: 24px 16px; box-sizing: border-box;
  background: light-dark(#f3f4f6, #111418); color: light-dark(#1c2430, #e7ebf0); font: 16px/1.5 system-ui, sans-serif }
h1 { margin: 0 0 12px; font-size: 1.5rem }
p { margin: 0 0 16px }
summary { margin: 16px 0; cursor: pointer }
a { color: light-dark(#1d5fd0, #6ea3ff) }
nav { display: flex; flex-wrap: wrap; gap: 8px 20px; margin: 0 0 20px }
pre { margin: 0; padding: 16px; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 8px; background: light-dark(#fff, #1b2027);
  border: 1px solid light-dark(#dde1e7, #323a45); font: 13px/1.5 ui-monospace, monospace }
`;

/** Headers of the page, besides those of every response. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; img-src data:`,
} as const;

/** `json`: what the service received. */
export function samplePage(headers: Received, json: string): string {
  const own = identity.flatMap((name) => (headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A protected page</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Hello ${escaped(String(headers['user-name'] ?? 'stranger'))}</h1>
<p>This page is of a service that knows no sign-in. Rolegate signed you in, and added the headers that say who you are.</p>
<nav><a href="/.rolegate/account">Your account</a> <a href="/.rolegate/sessions">Your sessions</a> <a href="/.rolegate/sign-out">Sign out</a></nav>
<pre>${escaped(own.join('\n'))}</pre>
<details><summary>All that the service received</summary><pre>${escaped(json)}</pre></details>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
