/** The cookie with what a browser keeps to be known to the Auth API as a device of its users. Only these pages receive it. */
import { ownPaths } from '../../core/credential/sign-in.ts';
import { onlyCookie } from '../cookies.ts';
import type { PageRequest } from '../page-request.ts';

export interface DeviceCookie {
  /** Empty: there is none, or more than one. */
  read(request: Pick<PageRequest, 'rawHeaders'>): string;
  /** Headers that set it; none for what no cookie can carry. */
  keep(value: unknown): readonly string[];
}

const lifeS = 90 * 86_400;
const valueForm = /^[\w.~-]{1,360}$/;

/** `origin`: where people sign in. */
export function createDeviceCookie(origin: string): DeviceCookie {
  const isSecure = origin.startsWith('https:');
  const name = isSecure ? '__Secure-rolegate-device' : 'rolegate-device';
  const rest = `Path=${ownPaths}; HttpOnly${isSecure ? '; Secure' : ''}; SameSite=Lax; Max-Age=${lifeS}`;
  return {
    read({ rawHeaders }) {
      const value = onlyCookie(rawHeaders, name) ?? '';
      return valueForm.test(value) ? value : '';
    },
    keep: (value) =>
      typeof value === 'string' && valueForm.test(value) ? ['set-cookie', `${name}=${value}; ${rest}`] : [],
  };
}
