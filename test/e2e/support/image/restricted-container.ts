/** A container as a careful cluster runs it: no write to its root, no capability, a user that exists nowhere. */
import { GenericContainer } from 'testcontainers';
import { ownerLabels } from '../../../support/docker.ts';

export const user = '65532';

export class RestrictedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
    this.withUser(user).withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges').withLabels(ownerLabels);
  }
}
