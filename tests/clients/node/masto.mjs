// masto.js, as it is on npm: what Elk and Phanpy do with it.

import assert from "node:assert/strict";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";
import { codeFrom, done, eventually, first, KEYS, origin, OUT_OF_BAND, PICTURE, push, second, step } from "./session.mjs";

const SCOPES = "read write follow push profile";
const stranger = createRestAPIClient({ url: origin });
const oauth = createOAuthAPIClient({ url: origin });
const app = await stranger.v1.apps.create({
  clientName: "A client of masto.js",
  redirectUris: OUT_OF_BAND,
  scopes: SCOPES,
});

async function enter(who) {
  const asked = { response_type: "code", client_id: app.clientId, redirect_uri: OUT_OF_BAND, scope: SCOPES };
  const code = await codeFrom(`${origin}/oauth/authorize?${new URLSearchParams(asked)}`, who);
  const token = await oauth.token.create({
    grantType: "authorization_code",
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri: OUT_OF_BAND,
    code,
    scope: SCOPES,
  });
  return token.accessToken;
}

const annasToken = await enter(first);
const anna = createRestAPIClient({ url: origin, accessToken: annasToken });
const ben = createRestAPIClient({ url: origin, accessToken: await enter(second) });
const me = await anna.v1.accounts.verifyCredentials();
const him = await ben.v1.accounts.verifyCredentials();
const instance = await stranger.v2.instance.fetch();

await step("the server is one that it knows", async () => {
  assert.match(instance.version, /^4\.5\.0 \(compatible; fedi /);
  assert.equal(instance.apiVersions.mastodon, 9);
  assert.ok(instance.configuration.urls.streaming);
  assert.ok(instance.configuration.vapid.publicKey);
});

await step("a profile is edited, with a picture", async () => {
  const edited = await anna.v1.accounts.updateCredentials({
    displayName: "Anna M",
    note: "I draw",
    avatar: new Blob([PICTURE], { type: "image/png" }),
    fieldsAttributes: [{ name: "site", value: "https://example.com" }],
    source: { language: "en" },
  });
  assert.equal(edited.displayName, "Anna M");
  assert.equal(edited.fields[0].name, "site");
  const profile = await anna.v1.profile.update({ note: "I draw foxes" });
  assert.equal(profile.note, "I draw foxes");
  assert.equal((await anna.v1.profile.fetch()).displayName, "Anna M");
});

await step("people follow one another", async () => {
  assert.equal((await anna.v1.accounts.$select(him.id).follow({ notify: true })).following, true);
  assert.equal((await ben.v1.accounts.$select(me.id).follow()).following, true);
  assert.equal((await anna.v1.accounts.relationships.fetch({ id: [him.id] }))[0].followedBy, true);
  assert.equal((await anna.v1.accounts.lookup({ acct: second })).id, him.id);
  assert.equal((await anna.v1.accounts.fetch({ id: [him.id] }))[0].id, him.id);
});

let post;
await step("a picture with alt text is posted", async () => {
  const media = await anna.v2.media.create({
    file: new Blob([PICTURE], { type: "image/png" }),
    description: "a dot",
  });
  post = await anna.v1.statuses.create({ status: "Look #fox", mediaIds: [media.id], visibility: "public" });
  assert.equal(post.mediaAttachments[0].description, "a dot");
});

await step("it is edited, and remembers", async () => {
  const media = post.mediaAttachments[0];
  const edited = await anna.v1.statuses.$select(post.id).update({
    status: "Look closely #fox",
    mediaIds: [media.id],
    mediaAttributes: [{ id: media.id, description: "a red dot" }],
  });
  assert.equal(edited.mediaAttachments[0].description, "a red dot");
  assert.equal((await anna.v1.statuses.$select(post.id).history.list()).length, 2);
  assert.equal((await anna.v1.statuses.$select(post.id).source.fetch()).text, "Look closely #fox");
});

await step("others answer, favourite, boost, bookmark, mute and quote it", async () => {
  const theirs = ben.v1.statuses.$select(post.id);
  const answer = await ben.v1.statuses.create({ status: `@${first} nice`, inReplyToId: post.id });
  assert.equal((await theirs.favourite()).favourited, true);
  assert.equal((await theirs.reblog()).reblog.id, post.id);
  assert.equal((await theirs.bookmark()).bookmarked, true);
  assert.equal((await theirs.mute()).muted, true);
  assert.equal((await theirs.unmute()).muted, false);
  const quoting = await ben.v1.statuses.create({ status: "this", quotedStatusId: post.id });
  assert.equal(quoting.quote.state, "accepted");
  assert.equal(quoting.quote.quotedStatus.id, post.id);
  assert.deepEqual((await theirs.favouritedBy.list()).map((who) => who.id), [him.id]);
  assert.deepEqual((await theirs.rebloggedBy.list()).map((who) => who.id), [him.id]);
  assert.deepEqual((await theirs.quotes.list()).map((one) => one.id), [quoting.id]);
  assert.ok((await ben.v1.bookmarks.list()).some((one) => one.id === post.id));
  assert.ok((await ben.v1.favourites.list()).some((one) => one.id === post.id));
  assert.deepEqual((await theirs.context.fetch()).descendants.map((one) => one.id), [answer.id]);
  assert.equal((await theirs.unbookmark()).bookmarked, false);
});

await step("a poll is asked and voted in", async () => {
  const asked = await anna.v1.statuses.create({
    status: "which?",
    poll: { options: ["red", "blue"], expiresIn: 600 },
  });
  const voted = await ben.v1.polls.$select(asked.poll.id).votes.create({ choices: [1] });
  assert.deepEqual(voted.ownVotes, [1]);
});

await step("a post is pinned, one waits for its time, one is deleted to be written anew", async () => {
  assert.equal((await anna.v1.statuses.$select(post.id).pin()).pinned, true);
  const pinned = await ben.v1.accounts.$select(me.id).statuses.list({ pinned: true });
  assert.equal(pinned[0].id, post.id);
  await anna.v1.statuses.$select(post.id).unpin();
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const waiting = await anna.v1.statuses.create({ status: "later", scheduledAt });
  assert.equal(waiting.params.text, "later");
  assert.equal((await anna.v1.scheduledStatuses.list())[0].id, waiting.id);
  const moved = new Date(Date.now() + 7_200_000).toISOString();
  const again = await anna.v1.scheduledStatuses.$select(waiting.id).update({ scheduledAt: moved });
  assert.equal(again.scheduledAt, moved);
  await anna.v1.scheduledStatuses.$select(waiting.id).remove();
  assert.deepEqual(await anna.v1.scheduledStatuses.list(), []);
  const draft = await anna.v1.statuses.create({ status: "wrongg" });
  assert.equal((await anna.v1.statuses.$select(draft.id).remove()).text, "wrongg");
});

await step("lists", async () => {
  const list = await anna.v1.lists.create({ title: "Friends" });
  const chosen = anna.v1.lists.$select(list.id);
  await chosen.accounts.create({ accountIds: [him.id] });
  assert.equal((await chosen.accounts.list())[0].id, him.id);
  assert.equal((await anna.v1.accounts.$select(him.id).lists.list())[0].id, list.id);
  assert.ok((await anna.v1.timelines.list.$select(list.id).list()).length > 0);
  assert.equal((await chosen.update({ title: "Best friends" })).title, "Best friends");
  await chosen.accounts.remove({ accountIds: [him.id] });
  assert.deepEqual(await chosen.accounts.list(), []);
  await chosen.remove();
});

await step("filters of both versions", async () => {
  const filter = await anna.v2.filters.create({
    title: "no foxes",
    context: ["home"],
    filterAction: "warn",
    keywordsAttributes: [{ keyword: "fox", wholeWord: true }],
  });
  const seen = await anna.v1.statuses.$select(post.id).fetch();
  assert.equal(seen.filtered[0].filter.id, filter.id);
  assert.deepEqual(seen.filtered[0].keywordMatches, ["fox"]);
  assert.equal((await anna.v1.filters.list())[0].phrase, "fox");
  await anna.v2.filters.$select(filter.id).statuses.create({ statusId: post.id });
  await anna.v2.filters.$select(filter.id).remove();
  assert.deepEqual(await anna.v2.filters.list(), []);
});

await step("hashtags", async () => {
  assert.equal((await anna.v1.tags.$select("fox").follow()).following, true);
  assert.equal((await anna.v1.followedTags.list())[0].name, "fox");
  assert.equal((await anna.v1.tags.$select("fox").unfollow()).following, false);
  const featured = await anna.v1.featuredTags.create({ name: "fox" });
  assert.equal((await anna.v1.featuredTags.list())[0].name, "fox");
  await anna.v1.featuredTags.$select(featured.id).remove();
  assert.ok((await anna.v1.timelines.tag.$select("fox").list()).some((one) => one.id === post.id));
});

await step("a note, an endorsement, a mute, a block and a whole domain", async () => {
  const other = anna.v1.accounts.$select(him.id);
  assert.equal((await other.note.create({ comment: "met him" })).note, "met him");
  assert.equal((await other.endorse()).endorsed, true);
  assert.equal((await anna.v1.accounts.$select(me.id).endorsements.list())[0].id, him.id);
  assert.equal((await other.unendorse()).endorsed, false);
  assert.equal((await other.mute({ notifications: true })).mutingNotifications, true);
  assert.equal((await anna.v1.mutes.list())[0].id, him.id);
  await other.unmute();
  await anna.v1.domainBlocks.create({ domain: "spam.example" });
  assert.deepEqual(await anna.v1.domainBlocks.list(), ["spam.example"]);
  await anna.v1.domainBlocks.remove({ domain: "spam.example" });
  await anna.v1.reports.create({ accountId: him.id, statusIds: [], comment: "rude", category: "other" });
});

await step("search", async () => {
  const found = await anna.v2.search.list({ q: "closely", type: "statuses" });
  assert.equal(found.statuses[0].id, post.id);
  assert.equal((await anna.v2.search.list({ q: second })).accounts[0].id, him.id);
  assert.equal((await anna.v2.search.list({ q: post.url, resolve: true })).statuses[0].id, post.id);
  assert.ok((await anna.v2.search.list({ q: "#fox", type: "hashtags" })).hashtags.length > 0);
});

await step("notifications of both versions agree, and the policy is kept", async () => {
  const flat = await anna.v1.notifications.list();
  const grouped = await anna.v2.notifications.list();
  assert.deepEqual(
    new Set(flat.map((told) => told.groupKey)),
    new Set(grouped.notificationGroups.map((group) => group.groupKey)),
  );
  assert.equal(typeof grouped.notificationGroups[0].mostRecentNotificationId, "number");
  assert.ok((await anna.v2.notifications.unreadCount.fetch()).count > 0);
  const policy = await anna.v2.notifications.policy.update({ forNotFollowing: "filter" });
  assert.equal(policy.forNotFollowing, "filter");
  await anna.v2.notifications.policy.update({ forNotFollowing: "accept" });
  assert.deepEqual(await anna.v1.notifications.requests.list(), []);
});

await step("conversations", async () => {
  await ben.v1.statuses.create({ status: `@${first} between us`, visibility: "direct" });
  const [talk] = await anna.v1.conversations.list();
  assert.equal(talk.unread, true);
  assert.equal((await anna.v1.conversations.$select(talk.id).read()).unread, false);
  await anna.v1.conversations.$select(talk.id).remove();
});

await step("a locked account decides who follows", async () => {
  await anna.v1.accounts.updateCredentials({ locked: true });
  await ben.v1.accounts.$select(me.id).unfollow();
  assert.equal((await ben.v1.accounts.$select(me.id).follow()).requested, true);
  assert.equal((await anna.v1.followRequests.list())[0].id, him.id);
  await anna.v1.followRequests.$select(him.id).authorize();
  assert.equal((await ben.v1.accounts.relationships.fetch({ id: [me.id] }))[0].following, true);
  await anna.v1.accounts.updateCredentials({ locked: false });
});

await step("markers, preferences and what the server has to offer", async () => {
  await anna.v1.markers.create({ home: { lastReadId: post.id } });
  assert.equal((await anna.v1.markers.fetch({ timeline: ["home"] })).home.lastReadId, post.id);
  assert.equal((await anna.v1.preferences.fetch())["posting:default:visibility"], "public");
  for (const list of [anna.v1.announcements, anna.v1.trends.tags, anna.v1.trends.statuses, anna.v1.trends.links]) {
    assert.ok(Array.isArray(await list.list()));
  }
  assert.ok(Array.isArray(await anna.v2.suggestions.list()));
  assert.ok(Array.isArray(await anna.v1.customEmojis.list()));
});

await step("a push subscription", async () => {
  const made = await anna.v1.push.subscription.create({
    subscription: { endpoint: push, keys: KEYS, standard: true },
    data: { alerts: { mention: true } },
    policy: "all",
  });
  assert.equal(made.serverKey, instance.configuration.vapid.publicKey);
  assert.equal((await anna.v1.push.subscription.fetch()).alerts.mention, true);
  await ben.v1.statuses.create({ status: `@${first} do you hear?` });
});

await step("the stream tells of posts, edits, deletions and notifications", async () => {
  const streaming = createStreamingAPIClient({
    streamingApiUrl: instance.configuration.urls.streaming,
    accessToken: annasToken,
    implementation: WebSocket,
  });
  const heard = [];
  const listening = (async () => {
    for await (const event of streaming.user.subscribe()) heard.push(event);
  })();
  listening.catch(() => {});
  await streaming.prepare();
  const hears = (kind, of) => eventually(
    () => heard.find((event) => event.event === kind && of(event.payload)), `${kind} in ${JSON.stringify(heard.map((e) => e.event))}`,
  );
  let said;
  await eventually(async () => {
    said = await ben.v1.statuses.create({ status: `@${first} live` });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return heard.some((event) => event.event === "update" && event.payload.id === said.id);
  }, "the first update");
  await hears("notification", (told) => told.status?.id === said.id);
  await ben.v1.statuses.$select(said.id).update({ status: `@${first} alive` });
  await hears("status.update", (one) => one.id === said.id);
  await ben.v1.statuses.$select(said.id).remove();
  await hears("delete", (id) => id === said.id);
  streaming.close();
});

await step("a subscription ends, people part, and the token is given back", async () => {
  await anna.v1.push.subscription.remove();
  assert.equal((await anna.v1.accounts.$select(him.id).block()).blocking, true);
  assert.equal((await anna.v1.blocks.list())[0].id, him.id);
  assert.equal((await anna.v1.accounts.$select(him.id).unblock()).blocking, false);
  await oauth.revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token: annasToken });
  await assert.rejects(() => anna.v1.accounts.verifyCredentials());
});

done();
