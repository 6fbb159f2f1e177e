/** Uploads a file with a client of Node: the arguments are client, URL, file and number. Prints a line per upload: the status, or the error. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { pipeline } from 'node:stream';
import { request as undiciRequest } from 'undici';

const [client, url, path, count] = process.argv.slice(2);
const headers = { 'content-length': String(statSync(path).size) };
const method = 'POST';

const clients = {
  'node:http': () =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(url, { method, headers, agent: false });
      sent.on('error', reject);
      sent.on('response', (response) => {
        resolve(response.statusCode);
        response.resume().on('error', () => {});
      });
      pipeline(createReadStream(path), sent, () => {});
    }),
  async undici() {
    const { statusCode, body } = await undiciRequest(url, { method, headers, body: createReadStream(path) });
    await body.dump();
    return statusCode;
  },
  async fetch() {
    return (await fetch(url, { method, body: readFileSync(path) })).status;
  },
  async 'fetch of a stream'() {
    const { status } = await fetch(url, { method, duplex: 'half', body: createReadStream(path) });
    return status;
  },
};

for (let done = 0; done < Number(count); done += 1) {
  try {
    console.log(await clients[client]());
  } catch (error) {
    console.log(`lost: ${error.message}: ${error.cause?.message}`);
  }
}
process.exit();
