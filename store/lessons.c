/*
 * lessons.c - what a person has said of a letter: that it is spam, or is not
 */
#include "store/lessons.h"

#include "store/folders.h"
#include "store/index_inside.h"
#include "store/keywords.h"

/* 0: it has none, or is deleted. */
static int
uses_of(struct index *index, uint32_t mailbox, unsigned *uses_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_MAILBOX_USES_OF);
	int		r;

	db_put_u64(&q, mailbox);
	r = db_next(&q);
	*uses_out = r > 0 ? (unsigned)db_u64(&q, 0, FOLDER_USES) : 0;
	return r > 0 ? db_row(&q) : r;
}

enum lesson
lessons_of_words(struct slice words, bool is_read)
{
	bool junk, wanted;

	if (words.len == 0)
		return LESSON_NONE;
	junk = keywords_have(words, slice_str("$Junk")) ||
	    (is_read && keywords_have(words, slice_str("Junk")));
	wanted = keywords_have(words, slice_str("$NotJunk")) ||
	    keywords_have(words, slice_str("$NonJunk")) ||
	    (is_read && (keywords_have(words, slice_str("NonJunk")) ||
	    keywords_have(words, slice_str("NotJunk"))));
	if (junk == wanted)
		return LESSON_NONE;
	return junk ? LESSON_SPAM : LESSON_WANTED;
}

int
lessons_is_junk(struct index *index, uint32_t mailbox, bool *is_out)
{
	unsigned uses = 0;
	int r = uses_of(index, mailbox, &uses);

	*is_out = (uses & FOLDER_JUNK) != 0;
	return r;
}

int
lessons_between(struct index *index, uint32_t from, uint32_t to,
    enum lesson *lesson_out)
{
	unsigned left = 0, taken = 0;
	int r = uses_of(index, from, &left);

	if (r == 0)
		r = uses_of(index, to, &taken);
	if (((left ^ taken) & FOLDER_JUNK) == 0)
		*lesson_out = LESSON_NONE;
	else if ((taken & FOLDER_JUNK) != 0)
		*lesson_out = LESSON_SPAM;
	else
		*lesson_out = (taken & FOLDER_TRASH) != 0 ? LESSON_NONE :
		    LESSON_WANTED;
	return r;
}

int
lessons_note(struct index *index, uint64_t letter, uint64_t modseq,
    enum lesson lesson)
{
	struct db_query q;

	if (lesson == LESSON_NONE)
		return 0;
	index->has_lessons = true;
	q = db_ask(index->db, SQL_LESSON_NEW);
	db_put_u64(&q, letter);
	db_put_u64(&q, modseq);
	db_put_u64(&q, lesson == LESSON_SPAM);
	return db_run(&q);
}
