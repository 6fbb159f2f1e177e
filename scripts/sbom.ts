/**
 * The dependencies of the package in the current folder, as CycloneDX on standard output: what npm finds installed there, without
 * the random number and the time that npm adds. So the same lock file produces the same text. Arguments are passed to npm.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Bom {
  serialNumber?: string;
  readonly metadata: { timestamp?: string; readonly component: { name: string } };
  readonly components: readonly { readonly 'bom-ref': string }[];
}

const { name, dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
};
const bom = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', ...process.argv.slice(2)], { encoding: 'utf8' }),
) as Bom;
const listed = new Set(bom.components.map((component) => component['bom-ref'].replace(/(?<=.)@[^@]*$/, '')));
const missing = Object.keys(dependencies).filter((dependency) => !listed.has(dependency));
if (missing.length > 0) throw new Error(`npm left out ${missing.join(', ')}`);

// npm uses the name of the folder.
bom.metadata.component.name = name;
delete bom.serialNumber;
delete bom.metadata.timestamp;
const digest = createHash('sha256').update(JSON.stringify(bom)).digest('hex');
// A UUID of version 8 (RFC 9562), derived from the content.
const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
bom.serialNumber = `urn:uuid:${uuid}`;
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
