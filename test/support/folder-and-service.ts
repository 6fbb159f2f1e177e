/** A folder for configurations and a service, for the tests of a file. */
import { afterAll, beforeAll } from 'vitest';
import { type ConfigFolder, createConfigFolder } from './config-folder.ts';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';

/** Its members are set while tests run. */
export interface FolderAndService {
  readonly folder: ConfigFolder;
  readonly upstream: RecordingUpstream;
}

export function useFolderAndService(): FolderAndService {
  const made = {} as { folder: ConfigFolder; upstream: RecordingUpstream };
  beforeAll(async () => {
    made.folder = createConfigFolder();
    made.upstream = await startRecordingUpstream();
  });
  afterAll(async () => {
    made.folder.remove();
    await made.upstream.close();
  });
  return made;
}

/** A gateway in front of the service, with free ports. `more`: further settings of `server`. */
export function writeGatewayFile({ folder, upstream }: FolderAndService, more = ''): string {
  return folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"${more} }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: it, match: { path: "/**" }, upstream: service, access: public }]
`,
  );
}
