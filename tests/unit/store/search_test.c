/*
 * search_test.c - what the index excludes, the letter does not contain
 *
 * Letters of many charsets and kinds, and those in tests/mail (POSTROOM_MAIL
 * names that folder elsewhere), are delivered and indexed; then pieces of them,
 * in other letter case too, and texts that are nowhere are looked for in the
 * plain way and by the index.  Seeds are fixed.
 */
#include "store/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "lib/message/find.h"
#include "lib/message/letter_text.h"
#include "lib/message/words.h"
#include "store/search_inside.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LETTER_BYTES	(100 * 1024)
#define LETTERS_MOST	400

static struct box box;
static struct text bodies[LETTERS_MOST];	/* of letter n, from 0 */
static uint32_t count;
static uint64_t state;				/* of the numbers */

static uint32_t
number(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

static void
set_up(void)
{
	ck_assert_int_eq(words_open(), 0);
	box = box_new();
	count = 0;
	state = 2027;
}

static void
tear_down(void)
{
	box_drop(&box);
	for (uint32_t i = 0; i < count; i++)
		text_free(&bodies[i]);
	words_close();
}

static struct text *
new_body(void)
{
	struct text *body = &bodies[count++];

	ck_assert_uint_lt(count, LETTERS_MOST);
	*body = (struct text)TEXT_INIT(2 * LETTER_BYTES);
	return body;
}

static const char trace[] = "Return-Path: <Jürgen@example.org>\r\n";

static void
deliver(uint32_t n)
{
	struct delivery delivery = {
		.id = box_id(n + 1), .position = n + 1,
		.mailbox = MAILBOX_INBOX, .received_at_utc_ms = 1,
		.trace = slice_str(trace), .body = text_slice(&bodies[n]),
		.body_bytes = bodies[n].len
	};
	bool was_there;

	ck_assert_int_eq(account_deliver(box.account, &delivery, &was_there),
	    0);
}

/* Steps until there is nothing to do; how many. */
static unsigned
index_all(void)
{
	unsigned steps = 0;
	int r;

	while ((r = search_step(box.account)) == SEARCH_MORE)
		steps++;
	ck_assert_int_eq(r, SEARCH_DONE);
	return steps;
}

/* Letters */

static const struct {
	const char	*charset;
	const char	*words[6];
} scripts[] = {
	{ "utf-8", { "straße", "CAFÉ", "naïve", "ﬁn", "Ǆungla", "x" } },
	{ "utf-8", { "日本語の件名", "東京", "ｶﾅ", "ﾃﾞｰﾀ", "テスト", "。" } },
	{ "utf-8", { "Καλημέρα", "ΣΊΣΥΦΟΣ", "привет", "ЁЛКА", "İstanbul", "ı" } },
	{ "iso-8859-1", { "caf\xe9", "\xc9T\xc9", "ma\xdf", "a", "b-c", "\xb5" } },
	{ "koi8-r", { "\xd0\xd2\xc9\xd7\xc5\xd4", "\xed\xc9\xd2", "x", "9",
	    "\xb3", "a.b" } },
	{ "gb2312", { "\xc4\xe3\xba\xc3", "\xca\xc0\xbd\xe7", "a", "b", "1",
	    "2" } },
	{ "iso-2022-jp", { "\x1b$B$\"$$\x1b(B", "\x1b$B8\x6c\x1b(B", "a",
	    "b", "c", "d" } },
	{ "utf-7", { "A+ImIDkQ.", "Hi Mom", "+Jjo-!", "x", "y", "z" } },
	{ "x-nobody-knows", { "\xff\xfe", "plain", "\x80\x81", "q", "w",
	    "e" } },
	{ "us-ascii", { "Invoice", "nr-2026/11", "a_b", "e@mail.example",
	    "THE", "I" } },
};
#define SCRIPTS	(sizeof(scripts) / sizeof(scripts[0]))

static void
add_words(struct text *text, const char *const words[6], unsigned most)
{
	static const char *const between[] = {
		" ", "\r\n", "", ", ", "-", "\xc2\xa0", "<b>", "</b>", "\t"
	};

	for (unsigned n = number(most) + 1; n > 0; n--) {
		text_add_str(text, words[number(6)]);
		text_add_str(text, between[number(9)]);
		if (number(20) == 0)
			text_addf(text, "%08x%08x%08x%08x", number(1u << 31),
			    number(1u << 31), number(1u << 31),
			    number(1u << 31));
	}
}

static void
add_base64(struct text *text, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.len; i += 3) {
		unsigned n = 0;

		for (size_t j = i; j < i + 3; j++)
			n = n << 8 | (j < s.len ? (unsigned char)s.at[j] : 0);
		for (int shift = 18; shift >= 0; shift -= 6)
			text_add_byte(text, i + (size_t)(18 - shift) / 6 >
			    s.len ? '=' : digits[n >> shift & 63]);
		if (i % 54 == 51)
			text_add_str(text, "\r\n");
	}
}

static void
add_part(struct text *body, unsigned script, bool html)
{
	TEXT_AUTO words = TEXT_INIT(LETTER_BYTES / 2);
	bool base64 = number(3) == 0;

	add_words(&words, scripts[script].words, number(4) == 0 ? 2000 : 40);
	text_addf(body, "Content-Type: text/%s; charset=%s\r\n",
	    html ? "html" : "plain", scripts[script].charset);
	if (base64)
		text_add_str(body, "Content-Transfer-Encoding: base64\r\n");
	text_add_str(body, "\r\n");
	if (base64)
		add_base64(body, text_slice(&words));
	else
		text_add(body, text_slice(&words));
	text_add_str(body, "\r\n");
}

/* A letter of one part or two, in one script or two. */
static void
make_letter(void)
{
	struct text *body = new_body();
	unsigned script = number(SCRIPTS), other = number(SCRIPTS);

	if (number(9) == 0)
		text_add_str(body, "From nobody Mon Jan  1 00:00:00 2026\r\n");
	text_addf(body, "Message-ID: <%08x.%08x@example.org>\r\nSubject: ",
	    number(1u << 31), number(1u << 31));
	if (number(2) == 0) {
		text_addf(body, "=?%s?b?", scripts[script].charset);
		add_base64(body, slice_str(scripts[script].words[number(6)]));
		text_add_str(body, "?=");
	} else {
		text_add_str(body, scripts[script].words[number(6)]);
	}
	text_add_str(body, "\r\n");
	if (number(2) == 0) {
		add_part(body, script, number(3) == 0);
		return;
	}
	text_add_str(body, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n");
	add_part(body, script, false);
	text_add_str(body, "--b\r\nContent-Disposition: attachment; "
	    "filename*=utf-8''tagih%C3%A4n.pdf\r\n");
	add_part(body, other, number(2) == 0);
	text_add_str(body, "--b--\r\n");
}

/* All messages of tests/mail that are small. */
static void
read_mail(void)
{
	const char *name = getenv("POSTROOM_MAIL");
	DIR *folder = opendir(name == NULL ? "tests/mail" : name);
	const struct dirent *entry;
	ssize_t n;
	int fd;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (strstr(entry->d_name, ".eml") == NULL)
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY);
		ck_assert_int_ge(fd, 0);
		n = read(fd, text_space(new_body(), LETTER_BYTES),
		    LETTER_BYTES);
		ck_assert_int_gt(n, 0);
		bodies[count - 1].len = (size_t)n;
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(closedir(folder), 0);
	ck_assert_uint_gt(count, 10);
}

/* In the plain way */

struct plain {
	struct text		packed;
	struct structure	structure;
};

static struct plain
plain_begin(uint32_t n)
{
	struct plain plain = { .packed = TEXT_INIT(STRUCTURE_MOST) };

	ck_assert_int_eq(structure_make(text_slice(&bodies[n]),
	    &plain.packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&plain.packed),
	    &plain.structure), 0);
	return plain;
}

/* TEXT or BODY, by `what`. */
static bool
contains(uint32_t n, struct slice needle, unsigned what)
{
	struct plain plain = plain_begin(n);
	struct letter_text lt;
	struct finder finder;
	struct slice piece;
	bool fresh;
	int r, found = 0;

	ck_assert_int_eq(finder_begin(&finder, needle), 0);
	letter_text_begin(&lt, &plain.structure, slice_str(trace),
	    text_slice(&bodies[n]), what);
	while (!found && (r = letter_text_next(&lt, &piece, &fresh)) == 1) {
		if (fresh)
			finder_break(&finder);
		found = finder_add(&finder, piece);
		ck_assert_int_ge(found, 0);
	}
	letter_text_end(&lt);
	finder_end(&finder);
	text_free(&plain.packed);
	return found != 0;
}

/* Some text of letter `n`, as it is read. */
static void
add_any_text(uint32_t n, struct text *text)
{
	struct plain plain = plain_begin(n);
	struct letter_text lt;
	struct slice piece;
	bool fresh;

	letter_text_begin(&lt, &plain.structure, slice_str(trace),
	    text_slice(&bodies[n]), number(2) ? LETTER_TEXT_HEADER :
	    LETTER_TEXT_BODY);
	while (letter_text_next(&lt, &piece, &fresh) == 1)
		if (text->len == 0 || number(3) == 0) {
			text_clear(text);
			text_add(text, piece);
		}
	letter_text_end(&lt);
	text_free(&plain.packed);
}

static bool
is_middle(const struct text *text, size_t at)
{
	return at < text->len && ((unsigned char)text->at[at] & 0xc0) == 0x80;
}

/* A piece of some letter's text, cut between characters, in another case. */
static void
make_needle(struct text *needle)
{
	TEXT_AUTO text = TEXT_INIT(1 << 20);
	size_t from, end;

	while (text.len == 0)
		add_any_text(number(count), &text);
	from = number((uint32_t)text.len);
	end = from + 1 + number(number(4) == 0 ? 200 : 12);
	if (end > text.len)
		end = text.len;
	while (is_middle(&text, from))
		from--;
	while (is_middle(&text, end))
		end++;
	text_clear(needle);
	text_add(needle, slice_of(text.at + from, end - from));
	for (size_t i = 0; i < needle->len && number(2); i++)
		if (needle->at[i] >= 'a' && needle->at[i] <= 'z')
			needle->at[i] = (char)(needle->at[i] - 'a' + 'A');
}

/* The account's number of letter n. */
static uint64_t *
numbers(void)
{
	uint64_t *all = calloc(count, sizeof(*all));
	struct selected *selected;

	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	ck_assert_uint_eq(selected_count(selected), count);
	for (uint32_t i = 0; i < count; i++)
		all[i] = selected_at(selected, i)->letter;
	selected_close(selected);
	return all;
}

static struct search_query *
ask(const char *text, int *number_out)
{
	struct search_query *query = search_query_new(box.account);

	ck_assert_ptr_nonnull(query);
	*number_out = search_query_add(query, slice_str(text));
	while (search_query_step(query))
		;
	return query;
}

START_TEST(what_is_excluded_is_not_there)
{
	unsigned excluded = 0, contained = 0, asked = 0;
	TEXT_AUTO needle = TEXT_INIT(1 << 16);
	struct search_query *query;
	uint64_t *letters;

	state = 2027 + (uint64_t)_i;
	read_mail();
	while (count < 120)
		make_letter();
	for (uint32_t i = 0; i < count; i++)
		deliver(i);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_gt(index_all(), 0);
	letters = numbers();
	for (unsigned i = 0; i < 60; i++) {
		int n;

		make_needle(&needle);
		query = search_query_new(box.account);
		ck_assert_ptr_nonnull(query);
		n = search_query_add(query, text_slice(&needle));
		while (search_query_step(query))
			;
		asked += n >= 0;
		for (uint32_t j = 0; j < count; j++) {
			bool is_out = n >= 0 && search_query_excludes(query,
			    n, letters[j]);
			bool is_in = contains(j, text_slice(&needle),
			    LETTER_TEXT_HEADER) || contains(j,
			    text_slice(&needle), LETTER_TEXT_BODY);

			ck_assert_msg(!is_out || !is_in, "letter %u: %.*s",
			    j, SLICE_FMT(text_slice(&needle)));
			excluded += is_out;
			contained += is_in;
		}
		search_query_free(query);
	}
	free(letters);
	/* it does not only let all pass */
	ck_assert_uint_gt(asked, 40);
	ck_assert_uint_gt(contained, 40);
	ck_assert_uint_gt(excluded, 60 * 120 / 3);
}
END_TEST

static const char *const nowhere[] = {
	"zyxwvut", "rapat hari selasa besok", "straßenbahnhof", "caf\xc3\xa9ine",
	"00000000000000000000000000000000000000000000000000000000000000000000",
};

START_TEST(what_is_nowhere_excludes_all)
{
	struct search_query *query;
	uint64_t *letters;
	int n;

	read_mail();
	while (count < 100)
		make_letter();
	for (uint32_t i = 0; i < count; i++)
		deliver(i);
	ck_assert_int_eq(account_commit(box.account), 0);
	(void)index_all();
	letters = numbers();
	query = ask(nowhere[_i], &n);
	ck_assert_int_ge(n, 0);
	for (uint32_t i = 0; i < count; i++)
		ck_assert(search_query_excludes(query, n, letters[i]));
	/* a letter that it does not know */
	ck_assert(!search_query_excludes(query, n, letters[count - 1] + 1));
	search_query_free(query);
	free(letters);
}
END_TEST

/* The life of the file */

static void
deliver_plain(uint32_t upto)
{
	while (count < upto) {
		text_addf(new_body(), "Subject: letter%u of many\r\n\r\n"
		    "every letter has its word: w%uw\r\n", count, count);
		deliver(count - 1);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
}

/* How many letters the index excludes for `text`. */
static unsigned
excluded(const char *text)
{
	uint64_t *letters = numbers();
	unsigned out = 0;
	int n;
	struct search_query *query = ask(text, &n);

	for (uint32_t i = 0; i < count; i++)
		out += search_query_excludes(query, n, letters[i]);
	search_query_free(query);
	free(letters);
	return out;
}

START_TEST(few_letters_are_not_worth_a_file)
{
	deliver_plain(SEARCH_TAIL_LETTERS - 1);
	ck_assert_uint_eq(index_all(), 0);
	ck_assert_ptr_null(search_query_new(box.account));
	deliver_plain(SEARCH_TAIL_LETTERS);
	ck_assert_uint_gt(index_all(), 0);
	ck_assert_uint_eq(excluded("w7w"), count - 1);
}
END_TEST

/* Nor is what came since. */
START_TEST(what_came_since_is_to_be_read)
{
	deliver_plain(70);
	(void)index_all();
	deliver_plain(100);
	ck_assert_uint_eq(index_all(), 0);
	ck_assert_uint_eq(excluded("w7w"), 69);
	ck_assert_uint_eq(excluded("w99w"), 70);
	deliver_plain(140);
	(void)index_all();
	ck_assert_uint_eq(excluded("w99w"), 139);
}
END_TEST

START_TEST(another_life_goes_on_where_this_one_stopped)
{
	struct search_figures figures;

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(excluded("w7w"), 69);
	ck_assert_uint_eq(index_all(), 0);
	deliver_plain(150);
	ck_assert_int_eq(search_step(box.account), SEARCH_MORE);
	account_rest(box.account);
	ck_assert_uint_ge(excluded("w7w"), 69);
	box_close(&box);	/* in the middle */
	box_open(&box);
	(void)index_all();
	ck_assert_uint_eq(excluded("w149w"), 149);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 150);
}
END_TEST

START_TEST(rows_stay_few)
{
	struct search_figures figures;

	for (uint32_t n = 64; n < LETTERS_MOST - 64; n += 64) {
		deliver_plain(n);
		(void)index_all();
	}
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, count);
	ck_assert_uint_le(figures.blocks, 3);
	ck_assert_uint_eq(excluded("w7w"), count - 1);
}
END_TEST

static void
overwrite(const char *name, off_t at, const void *bytes, size_t len)
{
	int fd = openat(box.scratch.fd, name, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

/* Whatever is done to it, what is excluded stays right, and it comes back. */
START_TEST(a_damaged_file_is_made_anew)
{
	char junk[4096 * 3];
	uint64_t *letters;

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	memset(junk, 'w', sizeof(junk));
	overwrite(SEARCH_FILE, _i * 1024, junk, sizeof(junk));
	box_open(&box);
	letters = numbers();
	for (uint32_t i = 0; i < count; i++) {
		struct search_query *query = search_query_new(box.account);
		char word[16];
		int n;

		if (query == NULL)
			break;
		(void)snprintf(word, sizeof(word), "w%uw", i);
		search_query_free(query);
		query = ask(word, &n);
		ck_assert(!search_query_excludes(query, n, letters[i]));
		search_query_free(query);
	}
	free(letters);
	clock_set(clock_ms(), 1);
	while (search_step(box.account) != SEARCH_DONE)
		;
	clock_set(clock_ms() + SEARCH_AGAIN_MS, 1);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
}
END_TEST

/* Somebody has it locked, or no file can be opened: that passes. */
START_TEST(what_passes_costs_no_index)
{
	struct search_figures figures;
	char path[PATH_MAX];
	sqlite3 *other;
	int r;

	deliver_plain(70);
	(void)index_all();
	(void)snprintf(path, sizeof(path), "%s/" SEARCH_FILE,
	    box.scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	deliver_plain(150);
	clock_set(clock_ms(), 1);
	while ((r = search_step(box.account)) == SEARCH_MORE)
		;
	ck_assert_int_eq(r, -EBUSY);
	ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	/* what it knew it knows, and the next try is in a while */
	ck_assert_int_eq(search_step(box.account), SEARCH_DONE);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 70);
	clock_set(clock_ms() + SEARCH_AGAIN_MS, 1);
	(void)index_all();
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 150);
	ck_assert_uint_eq(excluded("w149w"), 149);
	ck_assert(search_fault_passes(-ENOMEM));
	ck_assert(!search_fault_passes(-EUCLEAN));
	ck_assert(!search_fault_passes(-EIO));
}
END_TEST

START_TEST(check_tells_of_a_damaged_file)
{
	char junk[4096];

	deliver_plain(70);
	(void)index_all();
	box_close(&box);
	ck_assert_int_eq(box_faults(&box), 0);
	memset(junk, 'w', sizeof(junk));
	overwrite(SEARCH_FILE, 4096 * 2 + 2048, junk, 1024);
	ck_assert_int_eq(box_faults(&box), 1);
	ck_assert_int_eq(unlinkat(box.scratch.fd, SEARCH_FILE, 0), 0);
	ck_assert_int_eq(box_faults(&box), 0);
	box_open(&box);
}
END_TEST

/* A copy of index.db was put back: its numbers are given again. */
START_TEST(an_index_of_another_time_is_another)
{
	char copy[200], command[500];

	deliver_plain(70);
	box_close(&box);
	(void)snprintf(copy, sizeof(copy), "%s/copy", box.scratch.path);
	(void)snprintf(command, sizeof(command), "%s/index.db",
	    box.scratch.path);
	ck_assert_int_eq(link(command, copy), 0);
	box_open(&box);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
	box_close(&box);
	/* the same bytes, in another file */
	{
		char bytes[4096];
		int from = open(copy, O_RDONLY), to;
		ssize_t n;

		ck_assert_int_eq(unlink(command), 0);
		to = open(command, O_WRONLY | O_CREAT, 0600);
		ck_assert(from >= 0 && to >= 0);
		while ((n = read(from, bytes, sizeof(bytes))) > 0)
			ck_assert_int_eq(write(to, bytes, (size_t)n), n);
		ck_assert_int_eq(close(from) + close(to), 0);
	}
	box_open(&box);
	ck_assert_uint_eq(excluded("w7w"), 0);
	(void)index_all();
	ck_assert_uint_eq(excluded("w7w"), 69);
}
END_TEST

START_TEST(letters_that_went_are_forgotten)
{
	struct search_figures figures;
	size_t doomed[150];
	struct view *view;

	deliver_plain(200);
	(void)index_all();
	for (size_t i = 0; i < 150; i++)
		doomed[i] = i;
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, doomed, 150), 0);
	account_view_close(box.account, view);
	for (int i = 0; i < 4; i++)
		(void)index_all();
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 50);
	ck_assert_uint_eq(figures.blocks, 1);
}
END_TEST

/* Its file is asked for, and read in steps. */
START_TEST(a_big_letter_is_known_by_its_words)
{
	struct message_id id = box_id(1000), wanted;
	TEXT_AUTO big = TEXT_INIT(BIG_BYTES * 4);
	struct search_figures figures;
	int n, fd = memfd_create("big", MFD_CLOEXEC);
	struct search_query *query;
	unsigned asked = 0;
	bool was_there;

	deliver_plain(63);
	text_add_str(&big, "Subject: big\r\n\r\n");
	while (big.len < BIG_BYTES * 2)
		text_add_str(&big, "elephants are big\r\n");
	ck_assert_int_eq(write(fd, big.at, big.len), (ssize_t)big.len);
	for (uint32_t i = 0; i < 2; i++) {
		struct delivery delivery = {
			.id = id, .action = i, .position = 70 + i,
			.mailbox = MAILBOX_INBOX, .received_at_utc_ms = 1,
			.trace = slice_str(trace), .is_big = true,
			.body_bytes = big.len
		};

		ck_assert_int_eq(account_deliver(box.account, &delivery,
		    &was_there), 0);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
	while ((n = search_step(box.account)) != SEARCH_DONE) {
		ck_assert(n == SEARCH_MORE || n == SEARCH_WANTS_BIG);
		if (n == SEARCH_MORE)
			continue;
		wanted = search_big(box.account);
		ck_assert_int_eq(message_id_order(&wanted, &id), 0);
		/* the second cannot be had */
		search_take_big(box.account, asked++ == 0 ? dup(fd) : -1);
	}
	ck_assert_uint_eq(asked, 2);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(search_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 65);
	query = ask("elephants", &n);
	ck_assert(!search_query_excludes(query, n, figures.upto - 1));
	ck_assert(!search_query_excludes(query, n, figures.upto));
	search_query_free(query);
	query = ask("giraffes", &n);
	ck_assert(search_query_excludes(query, n, figures.upto - 1));
	ck_assert(!search_query_excludes(query, n, figures.upto));
	search_query_free(query);
}
END_TEST

/* A text that has nothing a word could have. */
START_TEST(signs_alone_are_not_looked_up)
{
	struct search_query *query;

	deliver_plain(70);
	(void)index_all();
	query = search_query_new(box.account);
	ck_assert_int_eq(search_query_add(query, slice_str("")), -1);
	ck_assert_int_eq(search_query_add(query, slice_str(" --- ")), -1);
	for (int i = 0; i < SEARCH_QUERY_MOST; i++)
		ck_assert_int_eq(search_query_add(query, slice_str("x")), i);
	ck_assert_int_eq(search_query_add(query, slice_str("x")), -1);
	search_query_free(query);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/search");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, what_is_excluded_is_not_there, 0, 4);
	tcase_add_loop_test(tcase, what_is_nowhere_excludes_all, 0,
	    (int)(sizeof(nowhere) / sizeof(nowhere[0])));
	tcase_add_test(tcase, few_letters_are_not_worth_a_file);
	tcase_add_test(tcase, what_came_since_is_to_be_read);
	tcase_add_test(tcase, another_life_goes_on_where_this_one_stopped);
	tcase_add_test(tcase, rows_stay_few);
	tcase_add_loop_test(tcase, a_damaged_file_is_made_anew, 0, 16);
	tcase_add_test(tcase, what_passes_costs_no_index);
	tcase_add_test(tcase, check_tells_of_a_damaged_file);
	tcase_add_test(tcase, an_index_of_another_time_is_another);
	tcase_add_test(tcase, letters_that_went_are_forgotten);
	tcase_add_test(tcase, a_big_letter_is_known_by_its_words);
	tcase_add_test(tcase, signs_alone_are_not_looked_up);
	suite_add_tcase(suite, tcase);
	return suite;
}
