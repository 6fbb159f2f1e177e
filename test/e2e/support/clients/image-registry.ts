/** An image registry (`docker-registry`, the base of Docker's own), and a small image for clients to copy. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../../support/free-port.ts';

export interface ImageRegistry {
  readonly url: string;
  /** Repositories with an image. */
  repositories(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Stores its data in the folder. */
export async function startImageRegistry(folder: string): Promise<ImageRegistry> {
  const port = await freePort();
  const config = join(folder, 'registry.yml');
  writeFileSync(
    config,
    `version: 0.1
storage: { filesystem: { rootdirectory: ${join(folder, 'registry')} } }
http: { addr: "127.0.0.1:${port}", relativeurls: true }
log: { level: error }
`,
  );
  const registry: ChildProcess = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitUntil(isUp, { timeout: 15_000 });
  return {
    url,
    async repositories() {
      const { repositories } = (await (await fetch(`${url}/v2/_catalog`)).json()) as { repositories: string[] };
      return repositories;
    },
    async close() {
      const ended = once(registry, 'exit');
      registry.kill();
      await ended;
    },
  };
}

/** An image without files, in the OCI layout: `oci:FOLDER:latest`. */
export function writeEmptyImage(folder: string): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const blob = (mediaType: string, content: Buffer) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(folder, 'blobs/sha256', hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  // Two empty blocks are the end of an archive.
  const layer = blob('application/vnd.oci.image.layer.v1.tar', Buffer.alloc(1024));
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = blob(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  writeFileSync(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}
