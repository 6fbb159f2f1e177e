/** A container as a strict cluster runs it: read-only root, no capabilities, a user that does not exist. */
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
