// A real OpenID provider on this machine. Reads its settings as JSON from the first argument, prints its issuer.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const settings = JSON.parse(process.argv[2]);
const { Provider } = await import(pathToFileURL(settings.module));
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: settings.clients,
    cookies: { keys: ['only for tests on this machine'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    async findAccount(_, id) {
      return { accountId: id, claims: async () => ({ sub: id, name: `Name of ${id}`, email: `${id}@example.org` }) };
    },
    async issueRefreshToken() { return true; },
    rotateRefreshToken: true,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
