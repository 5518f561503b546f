import { gatewayOf, hardwareAddressOf, machineAddresses } from './address-pool.ts';
import { formatNetwork, type Network } from './ipv4.ts';

/**
 * The nftables rules of one bridge, replacing whatever its table held, in one transaction. A machine
 * reaches the outside through NAT and nothing else: not the host (but for a ping of its gateway), not
 * another machine, not the link-local addresses where clouds keep credentials; and it can't send with an
 * address that is not its own. Machines can't reach each other on the bridge either: its ports are isolated.
 */
export function bridgeRules(table: string, bridge: string, pool: Network): string {
  const pairs = machineAddresses(pool).map((address) => `${address} . ${hardwareAddressOf(address)}`);
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  set machines {
    type ipv4_addr . ether_addr
    elements = { ${pairs.join(', ')} }
  }
  chain from_machines {
    meta nfproto ipv6 drop
    ip saddr . ether saddr != @machines drop
  }
  chain prerouting_raw {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" jump from_machines
  }
  chain input_host {
    type filter hook input priority filter - 5; policy accept;
    iifname != "${bridge}" accept
    ct state established,related accept
    ip daddr ${gatewayOf(pool)} icmp type echo-request accept
    drop
  }
  chain forward_host {
    type filter hook forward priority filter - 5; policy accept;
    iifname "${bridge}" oifname "${bridge}" drop
    iifname "${bridge}" ip daddr 169.254.0.0/16 drop
    iifname "${bridge}" accept
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" drop
  }
  chain postrouting_nat {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${formatNetwork(pool)} oifname != "${bridge}" masquerade
  }
}
`;
}
