// A provider that is not ours, for the test of signing in: npm's oidc-provider, at Keycloak's addresses, on a
// free port of the loopback. Whoever wants to use it registers a client (RFC 7591). Any name signs in.
//
//   node server.mjs FOLDER    serves, and writes the issuer's address to FOLDER/url

import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';

const folder = process.argv[2];
const realm = '/realms/peer';
const connect = '/protocol/openid-connect';

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}${realm}`;

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const common = { kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };
const jwks = { keys: [{ ...pair.privateKey.export({ format: 'jwk' }), ...common }] };
const published = createLocalJWKSet({
  keys: [{ ...pair.publicKey.export({ format: 'jwk' }), ...common }],
});

const provider = new Provider(issuer, {
  jwks,
  cookies: { keys: [randomBytes(32).toString('hex')] },
  routes: {
    authorization: `${connect}/auth`,
    token: `${connect}/token`,
    jwks: `${connect}/certs`,
    userinfo: `${connect}/userinfo`,
    end_session: `${connect}/logout`,
    revocation: `${connect}/revoke`,
    introspection: `${connect}/token/introspect`,
    registration: `${connect}/register`,
  },
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
  },
  findAccount: (_ctx, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      name: `${name} of the peer`,
      preferred_username: name,
      email: `${name}@example.test`,
      email_verified: true,
    }),
  }),
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 300, IdToken: 300, Session: 3600, Grant: 3600, RefreshToken: 3600, Interaction: 600 },
  features: {
    registration: { enabled: true },
    revocation: { enabled: true },
    jwtUserinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    // Access tokens are opaque unless they are for a resource.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:aimapper',
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, _resource, client) => ({
        scope: 'openid profile email',
        audience: client.clientId,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  // What Keycloak writes, and the grant, which is asked for again at user info.
  extraTokenClaims: (_ctx, token) => ({
    typ: 'Bearer',
    azp: token.clientId,
    realm_access: { roles: ['mapper'] },
    grant: token.grantId,
  }),
  // Its own guard against requests to the loopback would keep logout tokens from us.
  fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options),
});

// The library gives user info for opaque tokens only. A token for our resource is checked here, and an opaque
// one of the same grant is shown in its place; the answer is the library's.
provider.use(async (ctx, next) => {
  const bearer = /^Bearer (.+\..+\..+)$/.exec(ctx.get('authorization'));
  if (ctx.path === `${connect}/userinfo` && bearer) {
    const { payload } = await jwtVerify(bearer[1], published, { issuer, typ: 'at+jwt' });
    const client = await provider.Client.find(payload.client_id);
    const opaque = new provider.AccessToken({
      accountId: payload.sub,
      client,
      grantId: payload.grant,
      gty: 'authorization_code',
      scope: 'openid profile email',
    });
    ctx.req.headers.authorization = `Bearer ${await opaque.save()}`;
  }
  await next();
});

for (const event of ['server_error', 'backchannel.error', 'grant.error', 'userinfo.error', 'registration_create.error', 'authorization.error']) {
  provider.on(event, (_ctx, error) => console.error(event, error.message, error.error_description ?? ''));
}

// Mounted below the realm's path.
const answer = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith(`${realm}/`)) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url;
  request.url = request.url.slice(realm.length);
  answer(request, response);
});

writeFileSync(join(folder, 'starting'), `${issuer}\n`);
renameSync(join(folder, 'starting'), join(folder, 'url'));
