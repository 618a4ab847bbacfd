// megalodon, as it is on npm: what Whalebird and Fedistar do with it.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import generator, { detector, NotificationType } from "megalodon";
import { codeFrom, done, eventually, first, KEYS, origin, OUT_OF_BAND, PICTURE, push, second, step } from "./session.mjs";

const SCOPES = ["read", "write", "follow", "push"];
const kind = await detector(origin);
const stranger = generator(kind, origin);
const app = await stranger.registerApp("A client of megalodon", { scopes: SCOPES, redirect_uris: OUT_OF_BAND });

async function enter(who) {
  const code = await codeFrom(app.url, who);
  const token = await stranger.fetchAccessToken(app.client_id, app.client_secret, code, OUT_OF_BAND);
  return token.accessToken ?? token.access_token;
}

const annasToken = await enter(first);
const anna = generator(kind, origin, annasToken);
const ben = generator(kind, origin, await enter(second));
const me = (await anna.verifyAccountCredentials()).data;
const him = (await ben.verifyAccountCredentials()).data;

await step("the server is one that it knows", async () => {
  assert.equal(kind, "mastodon");
  assert.equal((await anna.verifyAppCredentials()).data.name, "A client of megalodon");
  assert.ok((await stranger.getInstance()).data.version.startsWith("4.5.0 "));
  assert.ok((await stranger.getInstanceActivity()).data.length > 0);
  assert.ok(Array.isArray((await stranger.getInstancePeers()).data));
});

await step("a profile is edited", async () => {
  const edited = (await anna.updateCredentials({ display_name: "Anna", note: "Hi", source: { language: "en" } })).data;
  assert.equal(edited.display_name, "Anna");
});

await step("people follow one another", async () => {
  assert.equal((await anna.followAccount(him.id, { reblog: true })).data.following, true);
  assert.equal((await ben.followAccount(me.id, { reblog: true })).data.following, true);
  assert.equal((await anna.getRelationships([him.id])).data[0].followed_by, true);
  assert.equal((await anna.searchAccount(second)).data[0].id, him.id);
  assert.equal((await anna.getAccountFollowers(me.id)).data[0].id, him.id);
});

const file = join(mkdtempSync(join(tmpdir(), "fedi-")), "dot.png");
writeFileSync(file, PICTURE);

let post;
await step("a picture with alt text is posted, and edited", async () => {
  const media = (await anna.uploadMedia(createReadStream(file), { description: "a dot" })).data;
  assert.ok((await eventually(async () => (await anna.getMedia(media.id)).data.url, "the file")));
  assert.equal((await anna.updateMedia(media.id, { description: "a red dot" })).data.description, "a red dot");
  post = (await anna.postStatus("Look #wolf", { media_ids: [media.id], visibility: "public" })).data;
  assert.equal(post.media_attachments[0].description, "a red dot");
  const edited = (await anna.editStatus(post.id, { status: "Look here #wolf", media_ids: [media.id] })).data;
  assert.ok(edited.edited_at);
  assert.equal((await anna.getStatusSource(post.id)).data.text, "Look here #wolf");
});

await step("others answer, favourite, boost, bookmark, mute and react", async () => {
  const answer = (await ben.postStatus(`@${first} nice`, { in_reply_to_id: post.id })).data;
  assert.equal((await ben.favouriteStatus(post.id)).data.favourited, true);
  assert.equal((await ben.reblogStatus(post.id)).data.reblog.id, post.id);
  assert.equal((await ben.bookmarkStatus(post.id)).data.bookmarked, true);
  assert.equal((await ben.muteStatus(post.id)).data.muted, true);
  assert.equal((await ben.unmuteStatus(post.id)).data.muted, false);
  assert.equal((await ben.getBookmarks()).data[0].id, post.id);
  assert.equal((await ben.getFavourites()).data[0].id, post.id);
  assert.equal((await anna.getStatusFavouritedBy(post.id)).data[0].id, him.id);
  assert.equal((await anna.getStatusRebloggedBy(post.id)).data[0].id, him.id);
  assert.equal((await anna.getStatusContext(post.id)).data.descendants[0].id, answer.id);
  assert.equal((await ben.unbookmarkStatus(post.id)).data.bookmarked, false);
});

await step("a poll, a pin, a post for later", async () => {
  const asked = (await anna.postStatus("which?", { poll: { options: ["red", "blue"], expires_in: 600 } })).data;
  assert.deepEqual((await ben.votePoll(asked.poll.id, [0])).data.own_votes, [0]);
  assert.equal((await anna.pinStatus(post.id)).data.pinned, true);
  assert.equal((await anna.unpinStatus(post.id)).data.pinned, false);
  const when = new Date(Date.now() + 3_600_000).toISOString();
  const waiting = (await anna.postStatus("later", { scheduled_at: when })).data;
  assert.equal((await anna.getScheduledStatuses()).data[0].id, waiting.id);
  assert.equal((await anna.getScheduledStatus(waiting.id)).data.params.text, "later");
  await anna.cancelScheduledStatus(waiting.id);
});

await step("lists, filters, hashtags", async () => {
  const list = (await anna.createList("Friends")).data;
  await anna.addAccountsToList(list.id, [him.id]);
  assert.equal((await anna.getAccountsInList(list.id)).data[0].id, him.id);
  assert.ok((await anna.getListTimeline(list.id)).data.length > 0);
  await anna.deleteAccountsFromList(list.id, [him.id]);
  await anna.deleteList(list.id);
  const filter = (await anna.createFilter("wolf", ["home"], { whole_word: true })).data;
  assert.equal((await anna.getFilter(filter.id)).data.phrase, "wolf");
  assert.equal((await anna.updateFilter(filter.id, "wolves", ["home"])).data.phrase, "wolves");
  await anna.deleteFilter(filter.id);
  assert.equal((await anna.followTag("wolf")).data.following, true);
  assert.equal((await anna.getFollowedTags()).data[0].name, "wolf");
  assert.equal((await anna.unfollowTag("wolf")).data.following, false);
  assert.equal((await anna.getTagTimeline("wolf")).data[0].id, post.id);
});

await step("a note, an endorsement, a mute, a domain, a report", async () => {
  assert.equal((await anna.setAccountNote(him.id, "met him")).data.note, "met him");
  assert.equal((await anna.pinAccount(him.id)).data.endorsed, true);
  assert.equal((await anna.unpinAccount(him.id)).data.endorsed, false);
  assert.equal((await anna.muteAccount(him.id, true)).data.muting, true);
  assert.equal((await anna.getMutes()).data[0].id, him.id);
  await anna.unmuteAccount(him.id);
  await anna.blockDomain("spam.example");
  assert.deepEqual((await anna.getDomainBlocks()).data, ["spam.example"]);
  await anna.unblockDomain("spam.example");
  await anna.report(him.id, { comment: "rude" });
});

await step("notifications, conversations, markers, search, preferences", async () => {
  const told = (await anna.getNotifications()).data;
  const known = Object.values(NotificationType).filter((name) => typeof name === "string");
  assert.ok(told.every((one) => known.includes(one.type)), JSON.stringify(told.map((one) => one.type)));
  assert.ok(told.some((one) => one.type === NotificationType.Favourite));
  assert.equal((await anna.getNotification(told[0].id)).data.id, told[0].id);
  await anna.dismissNotification(told[0].id);
  await ben.postStatus(`@${first} between us`, { visibility: "direct" });
  const [talk] = (await anna.getConversationTimeline()).data;
  assert.equal((await anna.readConversation(talk.id)).data.unread, false);
  await anna.deleteConversation(talk.id);
  await anna.saveMarkers({ home: { last_read_id: post.id } });
  assert.equal((await anna.getMarkers(["home"])).data.home.last_read_id, post.id);
  assert.equal((await anna.search(second, { type: "accounts" })).data.accounts[0].id, him.id);
  assert.ok((await anna.getPreferences()).data);
  assert.ok(Array.isArray((await anna.getInstanceAnnouncements()).data));
  assert.ok(Array.isArray((await anna.getInstanceTrends()).data));
  assert.ok(Array.isArray((await anna.getSuggestions()).data));
});

await step("a push subscription", async () => {
  const alerts = { follow: true, favourite: true, reblog: true, mention: true, poll: true };
  const made = (await anna.subscribePushNotification({ endpoint: push, keys: KEYS }, { alerts })).data;
  assert.equal(made.alerts.mention, true);
  assert.equal((await anna.updatePushSubscription({ alerts: { ...alerts, poll: false } })).data.alerts.poll, false);
  await anna.deletePushSubscription();
});

await step("the stream tells of posts and deletions", async () => {
  const stream = await anna.userStreaming();
  const heard = { update: [], delete: [], notification: [], connect: [], heartbeat: [], "status_update": [] };
  for (const name of Object.keys(heard)) stream.on(name, (what) => heard[name].push(what));
  stream.on("error", () => {});
  let said;
  await eventually(async () => {
    said = (await ben.postStatus(`@${first} live`, {})).data;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return heard.update.some((one) => one.id === said.id);
  }, "the first update");
  await eventually(() => heard.notification.some((told) => told.status?.id === said.id), "the notification");
  await ben.deleteStatus(said.id);
  await eventually(() => heard.delete.includes(said.id), "the deletion");
  stream.stop();
});

await step("the token is given back", async () => {
  await anna.revokeToken(app.client_id, app.client_secret, annasToken);
  await assert.rejects(() => anna.verifyAccountCredentials());
});

done();
