/**
 * Makes the pages of the site out of the project's own: `site/pages` holds docs/, the pages of the project's root that they link to, and each
 * configuration or program that a page links to as a page of its own. The sidebar is the page `docs/README.md`, section by section, so that there is one table
 * of contents.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, normalize, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(import.meta.dirname, 'pages');

interface SidebarItem {
  readonly text: string;
  readonly link: string;
}
export interface SidebarGroup {
  readonly text: string;
  readonly items: SidebarItem[];
}

/** Pages of the root that belong to the site. */
const rootPages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
/** Languages of code pages, by ending. */
const languages: Readonly<Record<string, string>> = {
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
  '.ts': 'ts',
  '.mjs': 'js',
  '.lua': 'lua',
  '.sh': 'sh',
};
/** Configurations answer questions of readers. Tests, programs and schemas only repeat the words of pages. */
const isSearched = (path: string) => /^config\/.+\.yaml$/.test(path);
const notSearched = '---\nsearch: false\n---\n\n';
/** Longer files are not worth a page: their beginning is shown. */
const mostLines = 3_000;

rmSync(target, { recursive: true, force: true });
const written = new Set<string>();
const waiting = [...rootPages, ...filesBelow('docs', ['.md'])];
for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
  if (written.has(page)) continue;
  written.add(page);
  if (page.endsWith('.md')) writePage(page);
  else writeCodePage(page);
}
for (const picture of ['docs', 'bench/results'].flatMap((folder) => filesBelow(folder, ['.svg', '.png']))) {
  cpSync(join(root, picture), join(target, picture));
}
mkdirSync(join(target, 'public'));
for (const picture of ['logo.svg', 'overview-dark.svg']) {
  cpSync(join(root, 'docs/pictures', picture), join(target, 'public', picture));
}
writeFileSync(join(target, 'index.md'), home());
writeFileSync(join(target, 'sidebar.json'), JSON.stringify(sidebar(), null, 2));
process.stdout.write(`site/pages: ${written.size} pages\n`);

function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => join(folder, name));
}

function writePage(path: string): void {
  const text = readFileSync(join(root, path), 'utf8').replaceAll(
    /^\[([\w-]+)\]: (\S+)$/gm,
    (_, name: string, link: string) => `[${name}]: ${linkOf(path, link)}`,
  );
  const parts = text.split(/(^```[\s\S]*?^```$)/m);
  const linked = parts.map((part) =>
    part.startsWith('```')
      ? part.replace(/^```(?:promql|caddyfile)\b/, '```txt')
      : part.replaceAll(/\]\(([^)\s]+)\)/g, (_, link: string) => `](${linkOf(path, link)})`),
  );
  // Pictures are chosen by the color scheme in HTML, which pages of the site do not have.
  const shown = linked
    .join('')
    .replaceAll(/<picture>[\s\S]*?<img src="([^"]+)" alt="([^"]+)">\s*<\/picture>/g, '![$2]($1)');
  save(path, shown);
}

/** A link of the page `from` as the site has it; what it leads to becomes a page. */
function linkOf(from: string, link: string): string {
  if (/^(?:[a-z][a-z0-9+.-]*:|#)/i.test(link)) return link;
  const [file = '', anchor] = link.split('#');
  const path = normalize(join(dirname(from), decodeURI(file))).replace(/\/$/, '');
  const place = join(root, path);
  if (!existsSync(place)) throw new Error(`${from} links to ${link}, which is not there`);
  if (/\.(?:svg|png)$/.test(path)) return link;
  const page = statSync(place).isDirectory() ? indexOf(path) : path;
  waiting.push(page);
  const to = relative(dirname(from), pageOf(page));
  return `${to.startsWith('.') ? to : `./${to}`}${anchor === undefined ? '' : `#${anchor}`}`;
}

/** Where a file is on the site. A page cannot be named after `index.html`, which is what its folder is served as. */
function pageOf(path: string): string {
  return path.endsWith('.md') ? path : `${path.replace(/\.html$/, '-html')}.md`;
}

/** A folder becomes a page that lists its files. */
function indexOf(folder: string): string {
  const page = `${folder}/index.md`;
  if (!written.has(page)) {
    written.add(page);
    const names = readdirSync(join(root, folder)).filter((name) => statSync(join(root, folder, name)).isFile());
    const items = names.map((name) => {
      const path = join(folder, name);
      if (name.endsWith('.svg')) return `- ${name}\n\n  ![${name}](./${name})`;
      waiting.push(path);
      return `- [${titleOf(path)}](./${pageOf(name)})`;
    });
    save(page, `${notSearched}# ${titleOfFolder(folder)}\n\n${items.join('\n')}\n`);
  }
  return page;
}

function writeCodePage(path: string): void {
  const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n');
  const shown = lines.slice(0, mostLines).join('\n');
  const cut = lines.length > mostLines ? `\nThe first ${mostLines} of ${lines.length} lines.\n` : '';
  save(
    pageOf(path),
    `${isSearched(path) ? '' : notSearched}# ${basename(path)}\n\n\`${path}\`\n${cut}\n\`\`\`\`${languages[extname(path)] ?? 'txt'}\n${shown}\n\`\`\`\`\n`,
  );
}

function save(path: string, text: string): void {
  mkdirSync(join(target, dirname(path)), { recursive: true });
  writeFileSync(join(target, path), text);
}

function titleOf(path: string): string {
  if (!path.endsWith('.md')) return basename(path);
  return /^# (.+)$/m.exec(readFileSync(join(root, path), 'utf8'))?.[1]?.replaceAll('`', '') ?? basename(path);
}

function titleOfFolder(folder: string): string {
  const name = basename(folder).replaceAll('-', ' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Of `docs/README.md`: a group per section, an item per link. */
function sidebar(): SidebarGroup[] {
  const sections = readFileSync(join(root, 'docs/README.md'), 'utf8').split(/^## /m).slice(1);
  const groups = sections.map((section): SidebarGroup => {
    const [title = ''] = section.split('\n', 1);
    const items = [...section.matchAll(/\[([^\]]+)\]\(([^)\s#]+)\)/g)].map(([, text, link]): SidebarItem => {
      const shown = text!.replaceAll('`', '');
      const path = normalize(join('docs', link!)).replace(/\/$/, '');
      const page = statSync(join(root, path)).isDirectory()
        ? `${path}/`
        : path.endsWith('.md')
          ? path.slice(0, -3)
          : path;
      return { text: shown.charAt(0).toUpperCase() + shown.slice(1), link: `/${page}` };
    });
    return { text: title, items };
  });
  const start = [
    { text: 'Getting started', link: '/docs/getting-started' },
    { text: 'Concepts', link: '/docs/concepts/overview' },
  ];
  return [{ text: 'Start', items: start }, ...groups];
}

function home(): string {
  return `---
layout: home
title: Rolegate
hero:
  name: Rolegate
  image: { src: /logo.svg, alt: Rolegate }
  text: Authentication in front of your HTTP services
  tagline: Checks the credential of every request, enforces role rules that you write and test in YAML, and forwards only what they allow.
  actions:
    - { theme: brand, text: Getting started, link: /docs/getting-started }
    - { theme: alt, text: Why Rolegate, link: /README }
features:
  - { title: The credentials you have, details: "Bearer tokens from your Auth API, OAuth 2 introspection or JWT, API keys, and HTTP Basic for git, docker and pip.", link: /docs/guides/openid-connect }
  - { title: Rules with proof, details: "Tests, coverage, mutation and an exhaustive diff show what a change allows before it takes effect.", link: /docs/guides/write-a-policy }
  - { title: Revoked at once, details: "Results are cached in memory and Redis, and a revocation reaches every replica, also for look-ups under way.", link: /docs/guides/revocation }
  - { title: Behind your own proxy, details: "The same decision for nginx, Traefik, Caddy, HAProxy and Envoy, or inside a Node application.", link: /docs/guides/behind-your-proxy }
---

![Clients send requests to Rolegate, which forwards allowed ones to services and looks credentials up in memory, Redis and sources](./docs/pictures/overview-light.svg)

![A terminal: the demo starts, a request gets 200, another 403, and explain says why](./docs/pictures/session.svg)
`;
}
