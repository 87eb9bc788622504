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
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message/find.h"
#include "lib/message/letter_text.h"
#include "tests/unit/store/search_scene.h"

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
	suite_add_tcase(suite, tcase);
	return suite;
}
