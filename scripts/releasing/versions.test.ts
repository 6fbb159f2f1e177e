/** Install instructions on pages match what this version of the project builds. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { partsOf } from './parts.ts';
import { pagesWithVersions, versionsOn } from './versions-on-pages.ts';

const { version, scripts, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

test('pages mention the version of the package', () => {
  const pages = pagesWithVersions('.');
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/guides/kubernetes.md', 'docs/guides/policy-ci.md']));
  for (const page of pages) expect(new Set(versionsOn(readFileSync(page, 'utf8'))), page).toEqual(new Set([version]));
});

test('control: finds a version wherever pages mention one', () => {
  const text =
    'npx ./build/rolegate-1.0.0.tgz\nrolegate:1.0.1\n{ repository: a.test/rolegate, tag: 1.0.2 }\nx.yml@v1.0.3\n`rolegate@1.0.4-rc.1`';
  expect(versionsOn(text)).toEqual(['1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4-rc.1']);
  expect(versionsOn('node:26.1.0, otherrolegate-1.0.0.tgz, rolegate 1.0.0')).toEqual([]);
});

test('the README installs in three ways, with what this repository builds', () => {
  const readme = readFileSync('README.md', 'utf8');
  const cells = (way: string) => readme.match(new RegExp(`^\\| ${way} \\|(.*)\\|(.*)\\|$`, 'm'))!.slice(1);
  const [node, publishedNode] = cells('Node');
  const [, script, file] = /`npm run ([\w:]+) && npx \.\/build\/(\S+) demo`/.exec(node!)!;
  expect(scripts).toHaveProperty([script!]);
  expect(partsOf(version).flatMap(({ makes }) => makes)).toContain(file);
  expect(bin).toHaveProperty('rolegate');
  expect(publishedNode).toContain('`npx rolegate demo`');
  // Its commands are tested with the image.
  const [container, publishedContainer] = cells('container');
  expect(publishedContainer).toContain(`ghcr.io/OWNER/rolegate:${version} demo`);
  expect(container).toMatch(/`docker build -t rolegate \. && docker run --rm -p 127\.0\.0\.1:8080:8080 rolegate demo`/);
  expect(readFileSync('Dockerfile', 'utf8')).toContain('docker run --rm -p 127.0.0.1:8080:8080 rolegate demo');
  const [chart, publishedChart] = cells('Kubernetes');
  expect(publishedChart).toContain('oci://ghcr.io/OWNER/charts/rolegate');
  const [, folder] = /`helm install rolegate (\S+) --values values\.yaml`/.exec(chart!)!;
  expect(existsSync(`${folder}Chart.yaml`)).toBe(true);
});
