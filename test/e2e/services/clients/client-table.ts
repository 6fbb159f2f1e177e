/** The clients. A new one is a row here, and a program that sends what it reads from standard input (`client.py`). */
import { fileURLToPath } from 'node:url';
import type { Kind } from '../sample-requests.ts';
import { tools } from '../tools.ts';
import { sendWithChromium } from './chromium.ts';
import type { Client } from './client.ts';
import { sendWithCurl } from './curl.ts';
import { sendLines } from './line-client.ts';
import { sendWithWget } from './wget.ts';

const program = fileURLToPath(new URL('client.py', import.meta.url));

const oneVersion: Client['cannot'] = { 'HTTP/1.0': 'it sends HTTP/1.1 only', expectation: 'it does not wait for 100' };
const early = 'http.client takes a 103 for the response';

const inPython = (library: string, cannot: Partial<Record<Kind, string>> = {}): Client => ({
  name: library,
  needs: ['python3', 'packages of Python'],
  cannot: { ...oneVersion, ...cannot },
  send: (requests) => sendLines('python3', [program, library], requests, tools.pythonEnvironment),
});

export const clients: readonly Client[] = [
  {
    name: 'curl',
    needs: ['curl'],
    cannot: {},
    send: (requests, { folder }) => sendWithCurl(requests, folder),
  },
  {
    name: 'wget',
    needs: ['wget'],
    cannot: {
      ...oneVersion,
      conditional: 'it waits for the body of a 304 to a condition that it did not make itself',
      'chunked upload': 'it sends a length',
      range: 'its ranges have no end',
    },
    send: (requests, { folder }) => sendWithWget(requests, folder),
  },
  inPython('requests', { 'early hints': early }),
  inPython('httpx'),
  inPython('aiohttp'),
  {
    name: 'Go',
    needs: ['go'],
    cannot: oneVersion,
    send: (requests) => sendLines(tools.goClient, [], requests),
  },
  {
    name: 'Java',
    needs: ['javac'],
    cannot: oneVersion,
    send: (requests) => sendLines('java', ['-XX:TieredStopAtLevel=1', '-cp', tools.javaClasses, 'Client'], requests),
  },
  {
    name: 'Chromium',
    needs: ['chromium'],
    cannot: { ...oneVersion, 'chunked upload': 'it streams bodies over HTTP/2 only' },
    send: (requests, place) => sendWithChromium(tools.browser(), requests, place),
  },
];
