/** What sign-in needs of the embedded Auth API, and the pages on which its users sign in. */
import type { AccountsConfig } from '../../config/accounts-config.ts';
import type { PageReply, PageRequest } from '../page-request.ts';
import type { Provider } from '../provider.ts';
import type { AuthApiClient } from './auth-api-client.ts';

export interface Accounts {
  readonly settings: AccountsConfig;
  /** One of the configured providers. */
  readonly provider: Provider;
  readonly client: AuthApiClient;
}

export interface AccountPages {
  showAddress(request: PageRequest): PageReply;
  sendCode(request: PageRequest): Promise<PageReply>;
  checkCode(request: PageRequest): Promise<PageReply>;
  showSignUp(request: PageRequest): PageReply;
  signUp(request: PageRequest): Promise<PageReply>;
  showAccount(request: PageRequest): Promise<PageReply>;
  changeAccount(request: PageRequest): Promise<PageReply>;
  showPasskeys(request: PageRequest): Promise<PageReply>;
  changePasskeys(request: PageRequest): Promise<PageReply>;
  /** For the script. */
  offerNewPasskey(request: PageRequest): Promise<PageReply>;
  offerPasskey(request: PageRequest): Promise<PageReply>;
  showRecovery(request: PageRequest): PageReply;
  recover(request: PageRequest): Promise<PageReply>;
  showLink(request: PageRequest): PageReply;
  useLink(request: PageRequest): Promise<PageReply>;
  createRecoveryCodes(request: PageRequest): Promise<PageReply>;
  checkPasskey(request: PageRequest): Promise<PageReply>;
  showScript(request: PageRequest): PageReply;
  showPeople(request: PageRequest): Promise<PageReply>;
  changePeople(request: PageRequest): Promise<PageReply>;
  /** For an address that was opened without its form. */
  beginAgain(request: PageRequest): PageReply;
}
