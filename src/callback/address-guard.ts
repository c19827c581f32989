import ipaddr from 'ipaddr.js';
import type { Settings } from '../config/settings.js';

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** What the emulator allows on top of public addresses: receivers on the same machine. */
export const loopbackCidrs: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** A callback address that may not be connected to. The message is the reason, fit for a person. */
export class AddressRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressRefusedError';
  }
}

/**
 * Decides which addresses we connect to on behalf of someone who only gave us a URL. Public unicast addresses are
 * allowed, and the ranges an operator lists; everything else (private, link-local, loopback, carrier NAT, reserved, and
 * IPv6 forms that carry an IPv4 address inside) is refused, since it leads into the network we stand in.
 */
export class AddressGuard {
  private readonly allowed: readonly Cidr[];

  /** @param allowedCidrs ranges allowed although they are not public, such as `10.1.0.0/16`; throws on a malformed one. */
  constructor(allowedCidrs: readonly string[]) {
    this.allowed = allowedCidrs.map((cidr) => ipaddr.parseCIDR(cidr));
  }

  /** Whether this literal address is in a range the operator lists. */
  lists(address: string): boolean {
    const parsed = ipaddr.parse(address);
    return this.allowed.some((cidr) => contains(cidr, parsed));
  }

  /** Why this literal address may not be connected to; undefined when it may. */
  refusal(address: string): string | undefined {
    if (!ipaddr.isValid(address)) return `"${address}" is not an IP address`;
    if (this.lists(address)) return undefined;
    const range = ipaddr.parse(address).range();
    return range === 'unicast' ? undefined : `the address ${address} is not public (${range})`;
  }
}

/** Which addresses callbacks may have: public ones, those the operator allows, and in the emulator this machine's. */
export function callbackGuard({ values, gateway }: Settings): AddressGuard {
  const allowed = values.CALLBACK_ALLOW.split(',').map((cidr) => cidr.trim());
  return new AddressGuard([...allowed.filter((cidr) => cidr !== ''), ...(gateway ? [] : loopbackCidrs)]);
}

function contains([network, prefix]: Cidr, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, prefix);
  return address instanceof ipaddr.IPv6 && address.match(network, prefix);
}
