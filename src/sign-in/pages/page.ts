/**
 * The frame of a page for people: one style, at most one script, nothing from elsewhere, and a Content-Security-Policy that permits exactly
 * these two. Every text is escaped by the template.
 */
import { hash } from 'node:crypto';
import { type Brand, brandStyle } from './brand.ts';

/** HTML that is complete in itself. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Escapes every value that is not itself HTML; lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  let text = parts[0]!;
  for (const [i, value] of values.entries()) {
    if (value instanceof Html) text += value.text;
    else if (typeof value === 'string') text += escapeHtml(value);
    else text += value.map((one) => one.text).join('');
    text += parts[i + 1]!;
  }
  return new Html(text);
}

export const nothing = new Html('');

function escapeHtml(text: string): string {
  // Of line breaks, a parser of HTML keeps only those that are written as references.
  return text.replace(/[&<>"'\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Language and brand, the same on all pages for a request. `brand` null: there are no pages of accounts. */
export interface Look<Texts extends { readonly language: string }> {
  readonly texts: Texts;
  readonly brand: Brand | null;
}

export interface PageParts {
  readonly look: Look<{ readonly language: string }>;
  readonly title: string;
  readonly body: Html;
  /** Further elements of the head. */
  readonly head?: Html;
  /** A script of fixed text. */
  readonly script?: string;
  /** Address of a script of the own origin, instead. */
  readonly scriptUrl?: string;
}

export interface Page {
  /** UTF-8, one character per byte. */
  readonly body: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
}

export function renderPage(page: PageParts): Page {
  const { title, body, head = nothing, look } = page;
  const { name = null, logo = null, color = null } = look.brand ?? {};
  const styled = color === null ? style : style + brandStyle(color);
  const picture =
    logo === null ? nothing : html`<img class="logo" src="${logo}" alt="" referrerpolicy="no-referrer">\n`;
  const whole = html`<!doctype html>
<html lang="${look.texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name === null ? title : `${title} · ${name}`}</title>
<link rel="icon" href="data:,">
<style>${new Html(styled)}</style>
${head}</head>
<body>
<main>
${picture}${body}</main>
${scriptOf(page)}</body>
</html>
`;
  return {
    body: Buffer.from(whole.text, 'utf8').toString('latin1'),
    headers: [
      // Addresses have secrets in their queries, and pictures may be those of a service. Not "no-referrer", with which browsers send forms
      // without their origin.
      ...['content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'referrer-policy', 'strict-origin'],
      ...['x-content-type-options', 'nosniff', 'x-frame-options', 'DENY', 'cross-origin-opener-policy', 'same-origin'],
      ...['content-security-policy', policyFor(styled, page)],
    ],
  };
}

/** In parts: bundlers replace a tagged template that contains the whole tag by a call of a library. */
const scriptEnd = new Html(`<${'/script'}>`);

function scriptOf({ script, scriptUrl }: PageParts): Html {
  if (scriptUrl !== undefined) return html`<script src="${scriptUrl}">${scriptEnd}`;
  return script === undefined ? nothing : html`<script>${new Html(script)}${scriptEnd}`;
}

/** `form-action` is not limited: browsers apply it to the redirect to the provider, too, which may lead on to others. */
function policyFor(styled: string, { script, scriptUrl, look }: PageParts): string {
  // Of the main origin, also where a page is of another one.
  const logo = look.brand?.logo ?? 'data:';
  const pictureOrigin = logo.startsWith('data:') ? '' : `${new URL(logo).origin} `;
  // The address alone: other files of the origin are those of services.
  const allowed = script === undefined ? scriptUrl : digest(script);
  const scripts = allowed === undefined ? [] : [`script-src ${allowed}`, "connect-src 'self'"];
  return [
    "default-src 'none'",
    `style-src ${digest(styled)}`,
    ...scripts,
    `img-src ${pictureOrigin}data:`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function digest(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`;
}

const style = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f3f4f6, #111418);
  --card: light-dark(#fff, #1b2027);
  --text: light-dark(#1c2430, #e7ebf0);
  --faint: light-dark(#5b6675, #9aa5b3);
  --line: light-dark(#dde1e7, #323a45);
  --accent: light-dark(#1d5fd0, #6ea3ff);
  --on-accent: light-dark(#fff, #0d1626);
  --brand: var(--accent);
  --on-brand: var(--on-accent);
  --alert: light-dark(#a4161a, #ff9c96);
}
* { box-sizing: border-box }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 16px;
  background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; min-width: 0; max-width: 30rem; padding: 32px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); box-shadow: 0 1px 3px #0000000f, 0 8px 24px #0000000f; overflow-wrap: break-word;
}
main.wide { max-width: 44rem }
main:has(table) { max-width: 46rem }
h1 { margin: 0 0 12px; font-size: 1.375rem; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; text-wrap: balance }
h2 { margin: 28px 0 8px; font-size: 1.0625rem; line-height: 1.3; font-weight: 600 }
[hidden] { display: none !important }
p, form { margin: 0 0 16px }
p:last-child, form:last-child { margin-bottom: 0 }
.faint, small { color: var(--faint) }
.row { display: flex; flex-wrap: wrap; gap: 12px; align-items: center }
.button, button {
  display: inline-block; padding: 9px 18px; border: 1px solid var(--brand); border-radius: 8px; cursor: pointer;
  background: var(--brand); color: var(--on-brand); font: inherit; font-weight: 500; text-align: center; text-decoration: none;
}
.button.wide { display: block; overflow-wrap: anywhere }
.button.plain, button.plain { background: none; color: var(--accent); border-color: var(--line) }
.button:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
label { display: block; margin-bottom: 6px; font-weight: 500 }
input:not([type=hidden]) {
  width: 100%; margin-bottom: 12px; padding: 10px 12px; border: 1px solid light-dark(#858d99, #6d7784); border-radius: 8px;
  background: var(--card); color: var(--text); font: inherit;
}
input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px }
input.code { font-size: 1.5rem; letter-spacing: .25em; font-variant-numeric: tabular-nums }
.logo { display: block; max-width: 100%; height: 48px; margin: 0 0 20px }
.alert { padding: 10px 14px; border-left: 4px solid var(--alert); background: var(--back); color: var(--alert) }
a { color: var(--accent) }
.fields { align-items: end }
.fields > div { flex: 1 1 12rem }
.fields > .narrow { flex: 0 1 9rem }
.fields input:not([type=hidden]) { margin-bottom: 0 }
.fields + h2, .fields + .end { margin-top: 28px }
dl { margin: 0 0 16px }
dd { margin: 0 0 8px }
code { padding: 1px 5px; border-radius: 5px; background: var(--back); font-size: .9em; overflow-wrap: anywhere }
table { width: 100%; margin: 0 0 20px; border-collapse: collapse }
th { color: var(--faint); font-size: .8125rem; font-weight: 500; text-align: left }
th, td { padding: 10px 12px 10px 0; border-bottom: 1px solid var(--line); vertical-align: middle }
td:last-child { padding-right: 0; text-align: right }
td form { margin: 0 }
td.actions form { display: inline-block; margin-left: 8px }
summary { width: fit-content; color: var(--accent); font-size: .875rem; cursor: pointer }
details[open] summary { margin-bottom: 8px }
td button { padding: 5px 12px; white-space: nowrap }
time { white-space: nowrap }
.badge { margin-left: 6px; padding: 1px 8px; border-radius: 99px; background: var(--back); color: var(--faint); font-size: .8125rem; white-space: nowrap }
@media (max-width: 36rem) {
  thead { display: none }
  td.actions form { margin: 4px 8px 4px 0 }
  tr { display: block; padding: 10px 0; border-bottom: 1px solid var(--line) }
  td { display: block; padding: 2px 0; border: 0; text-align: left !important; overflow-wrap: anywhere }
  td:empty { display: none }
  td[data-column]::before { content: attr(data-column) ": "; color: var(--faint) }
}
`;
