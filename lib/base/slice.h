/*
 * slice.h - borrowed bytes
 *
 * Everything that comes from outside is a slice: a pointer and a length in
 * bytes, owned by someone else, never assumed to end in NUL.  Text becomes a C
 * string only at a system call or a library that asks for one.
 */
#ifndef POSTROOM_BASE_SLICE_H
#define POSTROOM_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char	*at;	/* first byte; may be NULL when len is 0 */
	size_t		 len;	/* bytes */
};

/* The slice of a string literal, usable in a static initialiser. */
#define SLICE(literal)	{ (literal), sizeof(literal) - 1 }

/* printf arguments for "%.*s". */
#define SLICE_FMT(s)	((int)((s).len > 4096 ? 4096 : (s).len)), \
			((s).at == NULL ? "" : (s).at)

/* `len` bytes at `at`. */
static inline struct slice
slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

/* The bytes of a C string, without its NUL; NULL gives the empty slice. */
struct slice	slice_str(const char *string);

/* Same bytes; same bytes but for the case of ASCII letters. */
bool		slice_is(struct slice, struct slice);
bool		slice_is_nocase(struct slice, struct slice);
/* The same against a C string. */
bool		slice_is_str(struct slice, const char *string);
bool		slice_is_word(struct slice, const char *word);
/* `s` begins (ends) with `part`; the letter case of ASCII does not count. */
bool		slice_has_prefix(struct slice s, const char *part);
bool		slice_has_suffix(struct slice s, const char *part);
/* Order as memcmp has it, the shorter first when one begins the other. */
int		slice_order(struct slice, struct slice);

/* What is left of `s` after its first `n` bytes (none when it is shorter). */
static inline struct slice
slice_after(struct slice s, size_t n)
{
	if (n >= s.len)
		return slice_of(s.at == NULL ? NULL : s.at + s.len, 0);
	return slice_of(s.at + n, s.len - n);
}

/* The first `n` bytes of `s`, or all of it when it is shorter. */
static inline struct slice
slice_first(struct slice s, size_t n)
{
	return slice_of(s.at, n < s.len ? n : s.len);
}

/* `s` without spaces and tabs (and CR, LF) at both ends. */
struct slice	slice_trim(struct slice s);

/* Where `byte` first (last) stands in `s`, or SIZE_MAX. */
size_t		slice_find(struct slice s, char byte);
size_t		slice_find_last(struct slice s, char byte);
/* Where `part` first stands in `s`, or SIZE_MAX. */
size_t		slice_find_str(struct slice s, const char *part);

/*
 * Cut `*rest` at the first `byte`: `*head_out` gets what stood before it and
 * `*rest` what follows.  False, with nothing changed, if the byte is absent.
 */
bool		slice_cut(struct slice *rest, char byte, struct slice *head_out);

/*
 * Cut the next word off `*rest`: skips spaces, then takes bytes up to the next
 * space or the end.  False when only spaces were left.
 */
bool		slice_word(struct slice *rest, struct slice *word_out);

/*
 * Read an unsigned decimal number that is all of `s`.
 * 0, -EINVAL (empty, or a byte that is no digit) or -ERANGE (above `max`).
 */
int		slice_u64(struct slice s, uint64_t max, uint64_t *n_out);

/*
 * The byte that the two hexadecimal digits `s` begins with stand for, or -1;
 * `_upper`: letters among them are upper case.
 */
int		slice_hex(struct slice s);
int		slice_hex_upper(struct slice s);

/*
 * Copy into `buffer` with a NUL at the end, for a system call.
 * 0, -EINVAL (a NUL byte inside) or -E2BIG (does not fit).
 */
int		slice_cstr(struct slice s, char *buffer, size_t size);

/*
 * Same bytes, compared in a time that depends on the length only; for secrets.
 */
bool		slice_is_secret(struct slice, struct slice);

/* All of `s` is valid UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool		slice_is_utf8(struct slice s);
/* All of `s` is ASCII and none of it is a control character. */
bool		slice_is_printable_ascii(struct slice s);

#endif
