/** The configuration of one host of a Temporal cluster on PostgreSQL. All hosts have the same ports, each on its own loopback address. */

export interface HostPorts {
  frontend: number;
  matching: number;
  history: number;
  worker: number;
  /** Of the four services, in this order. */
  membership: [number, number, number, number];
}

export function hostConfig({ databaseUrl, address, ports }: { databaseUrl: string; address: string; ports: HostPorts }): string {
  const { host, username, password } = new URL(databaseUrl);
  const store = (name: string): object => ({ sql: { pluginName: 'postgres12', databaseName: name, connectAddr: host, connectProtocol: 'tcp', user: username, password: decodeURIComponent(password), maxConns: 20, maxIdleConns: 20, maxConnLifetime: '1h' } });
  const services = (['frontend', 'matching', 'history', 'worker'] as const).map((name, i) => [name, { rpc: { grpcPort: ports[name], membershipPort: ports.membership[i], bindOnIP: address } }]);
  // JSON is YAML.
  return JSON.stringify({
    log: { stdout: true, level: 'warn' },
    persistence: { defaultStore: 'default', visibilityStore: 'visibility', numHistoryShards: 4, datastores: { default: store('temporal'), visibility: store('temporal_visibility') } },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: address } },
    services: Object.fromEntries(services) as object,
    clusterMetadata: {
      enableGlobalNamespace: false, failoverVersionIncrement: 10, masterClusterName: 'active', currentClusterName: 'active',
      clusterInformation: { active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `${address}:${ports.frontend}` } },
    },
    dcRedirectionPolicy: { policy: 'noop' },
  }, null, 2);
}
