/** Requests for real services, by kind. Each is sent several times, with a number in its query. */

export type Kind =
  | 'plain'
  | 'HEAD'
  | 'conditional'
  | 'range'
  | 'rest of a file'
  | 'gzip'
  | 'HTTP/1.0'
  | 'without a body'
  | 'early hints'
  | 'large'
  | 'streamed'
  | 'redirect'
  | 'cookies'
  | 'failure'
  | 'upload'
  | 'chunked upload'
  | 'expectation';

export interface SampleRequest {
  readonly kind: Kind;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the file with the body; null: none. */
  readonly body: string | null;
  /** The expected status; a redirect may also have been followed, to a 200. */
  readonly status: number;
}

type Rest = Partial<Pick<SampleRequest, 'headers' | 'body' | 'status' | 'method'>>;

/** A GET unless `rest` contains another method. */
const one = (kind: Kind, target: string, rest: Rest = {}): SampleRequest => ({
  kind,
  method: 'GET',
  target,
  headers: {},
  body: null,
  status: 200,
  ...rest,
});

const since = { 'If-Modified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT' };
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const json = { 'Content-Type': 'application/json' };
const link = 'a=1; b=2';

/** What the programs in `programs` serve, which are written once for each kind of server. */
export const application: readonly SampleRequest[] = [
  one('plain', '/text'),
  one('plain', '/echo', { headers: { 'X-Value': 'a, b;c="d" \\ e', Accept: 'text/*;q=0.5, */*;q=0.1' } }),
  one('plain', '/echo/a%20b/%C3%A4?q=a%20b+c&q=%C3%A4&empty='),
  one('plain', '/echo', { method: 'DELETE' }),
  one('plain', '/echo', { method: 'OPTIONS' }),
  one('HEAD', '/text', { method: 'HEAD' }),
  one('HEAD', '/large', { method: 'HEAD' }),
  one('conditional', '/text', { headers: { 'If-None-Match': '"text-1"' }, status: 304 }),
  one('conditional', '/text', { headers: since, status: 304 }),
  one('gzip', '/gzip', { headers: { 'Accept-Encoding': 'gzip' } }),
  one('HTTP/1.0', '/text'),
  one('HTTP/1.0', '/stream'),
  one('HTTP/1.0', '/text', { method: 'HEAD' }),
  one('HTTP/1.0', '/echo', { method: 'POST', headers: json, body: 'small' }),
  one('without a body', '/empty', { status: 204 }),
  one('early hints', '/early'),
  one('large', '/large'),
  one('streamed', '/stream'),
  one('redirect', '/moved', { status: 302 }),
  one('cookies', '/cookies', { headers: { Cookie: link } }),
  one('failure', '/missing', { status: 404 }),
  one('failure', '/fails', { status: 500 }),
  one('upload', '/echo', { method: 'POST', headers: json, body: 'small' }),
  one('upload', '/echo', { method: 'POST', headers: form, body: 'form' }),
  one('upload', '/echo', { method: 'POST', headers: json, body: 'empty' }),
  one('upload', '/echo', { method: 'PUT', headers: json, body: 'large' }),
  one('upload', '/echo', { method: 'PATCH', headers: json, body: 'small' }),
  one('chunked upload', '/echo', { method: 'POST', headers: json, body: 'small' }),
  one('chunked upload', '/echo', { method: 'PUT', headers: json, body: 'large' }),
  one('expectation', '/echo', { method: 'PUT', headers: { ...json, Expect: '100-continue' }, body: 'large' }),
];

const ranges = (target: string): readonly SampleRequest[] => [
  one('range', target, { headers: { Range: 'bytes=2-5' }, status: 206 }),
  one('range', target, { headers: { Range: 'bytes=-7' }, status: 206 }),
  one('rest of a file', target, { headers: { Range: 'bytes=100-' }, status: 206 }),
  one('rest of a file', target, { headers: { Range: 'bytes=99999999-' }, status: 416 }),
];

/** What a program sends from a file. */
export const sentFile: readonly SampleRequest[] = [one('plain', '/file'), ...ranges('/file')];

/** What servers of files do with the site (`write-site.ts`). */
export const files: readonly SampleRequest[] = [
  one('plain', '/text.txt'),
  one('plain', '/a%20b.txt'),
  one('plain', '/folder/'),
  one('HEAD', '/text.txt', { method: 'HEAD' }),
  one('HEAD', '/large.bin', { method: 'HEAD' }),
  one('conditional', '/text.txt', { headers: since, status: 304 }),
  one('HTTP/1.0', '/text.txt'),
  one('HTTP/1.0', '/text.txt', { method: 'HEAD' }),
  one('large', '/large.bin'),
  one('redirect', '/folder', { status: 301 }),
  one('failure', '/missing', { status: 404 }),
  ...ranges('/large.bin'),
];

/** What nginx also does with the site and with files that it stores. */
export const stored: readonly SampleRequest[] = [
  one('gzip', '/text.txt', { headers: { 'Accept-Encoding': 'gzip' } }),
  one('without a body', '/empty', { status: 204 }),
  one('failure', '/text.txt', { method: 'POST', headers: form, body: 'form', status: 405 }),
  one('upload', '/stored/small', { method: 'PUT', body: 'small', status: 204 }),
  one('upload', '/stored/large', { method: 'PUT', body: 'large', status: 204 }),
  one('chunked upload', '/stored/small', { method: 'PUT', body: 'small', status: 204 }),
  one('chunked upload', '/stored/large', { method: 'PUT', body: 'large', status: 204 }),
  one('expectation', '/stored/large', {
    method: 'PUT',
    headers: { Expect: '100-continue' },
    body: 'large',
    status: 204,
  }),
];

const uploadPack = { 'Content-Type': 'application/x-git-upload-pack-request' };
const compressed = { ...uploadPack, 'Content-Encoding': 'gzip' };

/** A clone in both protocols, as git asks for it, with bodies written by `writeRepository`. */
export const git: readonly SampleRequest[] = [
  one('plain', '/app.git/info/refs?service=git-upload-pack'),
  one('plain', '/app.git/info/refs?service=git-upload-pack', { headers: { 'Git-Protocol': 'version=2' } }),
  one('plain', '/app.git/info/refs?service=git-receive-pack'),
  one('plain', '/app.git/HEAD'),
  one('plain', '/app.git/info/refs'),
  one('HEAD', '/app.git/HEAD', { method: 'HEAD' }),
  one('HTTP/1.0', '/app.git/info/refs?service=git-upload-pack'),
  one('HTTP/1.0', '/app.git/git-upload-pack', { method: 'POST', headers: uploadPack, body: 'want' }),
  one('failure', '/none.git/info/refs?service=git-upload-pack', { status: 404 }),
  one('upload', '/app.git/git-upload-pack', { method: 'POST', headers: uploadPack, body: 'want' }),
  one('upload', '/app.git/git-upload-pack', { method: 'POST', headers: compressed, body: 'want.gz' }),
  one('upload', '/app.git/git-upload-pack', {
    method: 'POST',
    headers: { ...uploadPack, 'Git-Protocol': 'version=2' },
    body: 'list',
  }),
  one('chunked upload', '/app.git/git-upload-pack', { method: 'POST', headers: uploadPack, body: 'want' }),
];

export const verdaccio: readonly SampleRequest[] = [
  one('plain', '/-/ping'),
  one('plain', '/tool'),
  one('plain', '/@team%2Ftool'),
  one('plain', '/tool/1.0.0'),
  one('plain', '/-/package/tool/dist-tags'),
  one('HEAD', '/tool', { method: 'HEAD' }),
  one('conditional', '/tool', { headers: { 'If-None-Match': '*' }, status: 304 }),
  one('gzip', '/tool', { headers: { 'Accept-Encoding': 'gzip' } }),
  one('HTTP/1.0', '/tool'),
  one('large', '/tool/-/tool-1.0.0.tgz'),
  one('failure', '/unknown', { status: 404 }),
  one('upload', '/tool', { method: 'PUT', headers: json, body: 'tool', status: 409 }),
  one('chunked upload', '/tool', { method: 'PUT', headers: json, body: 'tool', status: 409 }),
];

export const jupyter: readonly SampleRequest[] = [
  one('plain', '/api'),
  one('plain', '/api/contents/text.txt'),
  one('plain', '/api/contents/a%20b.txt'),
  one('plain', '/api/sessions'),
  one('plain', '/files/text.txt'),
  one('HEAD', '/files/text.txt', { method: 'HEAD' }),
  one('conditional', '/static/favicon.ico', {
    headers: { 'If-Modified-Since': 'Thu, 01 Jan 2099 00:00:00 GMT' },
    status: 304,
  }),
  one('gzip', '/api/contents/text.txt', { headers: { 'Accept-Encoding': 'gzip' } }),
  one('HTTP/1.0', '/files/text.txt'),
  one('without a body', '/api/config/sample', { method: 'PUT', headers: json, body: 'small', status: 204 }),
  one('large', '/files/large.bin'),
  one('redirect', '/', { status: 302 }),
  one('failure', '/api/contents/missing', { status: 404 }),
  one('failure', '/api/contents/missing', { method: 'DELETE', status: 404 }),
  one('upload', '/api/config/sample', { method: 'PATCH', headers: json, body: 'small' }),
  one('upload', '/api/config/large', { method: 'PUT', headers: json, body: 'large', status: 204 }),
  one('chunked upload', '/api/config/large', { method: 'PUT', headers: json, body: 'large', status: 204 }),
  one('expectation', '/api/config/large', {
    method: 'PUT',
    headers: { ...json, Expect: '100-continue' },
    body: 'large',
    status: 204,
  }),
  ...ranges('/static/favicon.ico'),
];
