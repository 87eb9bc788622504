/*
 * outbound_inside.h - what the files of outbound.h share; for them alone
 *
 * outbound.c has the destinations and their clock, outbound_journal.c what needs
 * no file, outbound_try.c puts a try together, outbound_tried.c says what came of
 * it, outbound_sync.c makes that durable, outbound_way.c knows by which smarthost
 * and has what waits for a way, outbound_line.c has what waits for the line,
 * outbound_desk.c is the postmaster's.
 */
#ifndef POSTROOM_QUEUE_OUTBOUND_INSIDE_H
#define POSTROOM_QUEUE_OUTBOUND_INSIDE_H

#include "lib/base/heap.h"
#include "policy/gateway.h"
#include "policy/ways.h"
#include "queue/line_state.h"
#include "queue/outbound.h"
#include "queue/outbound_plan.h"
#include "queue/relay_job.h"
#include "queue/rows_outbound.h"

/* A conversation that takes longer is a slow one. */
#define OUT_QUICK_MS	5000

/* What a job is found by: there is one of them for both. */
struct out_key {
	struct out_dest		*dest;
	struct message_id	 id;
};

/* One message for one destination: all its recipients there. */
struct out_job {
	/* of its destination, the line, or `wayless`; in none: tried */
	struct heap_entry	 due;
	struct out_key		 key;
	/* it waits in that one of out_line, or in `wayless` */
	struct heap		*line;
	int64_t			 ready_utc_ms;	/* it could be tried then */
	bool			 is_urgent, is_large;
	bool			 passes;	/* the line, for one try */
	UT_hash_handle		 hh;
};

/*
 * A domain, the smarthost (""), one of a domain's or a person's own ("=NAME"), a
 * host that the postmaster names (">...") or none, where there is no way ("!").
 */
struct out_dest {
	struct heap_entry	 ready;		/* of all destinations like it */
	struct heap		 jobs;		/* not being tried */
	uint64_t		 not_before_ms;	/* its host did not answer */
	unsigned		 failures;	/* in a row */
	unsigned		 active;	/* conversations */
	unsigned		 waiting;	/* jobs, for the line or a way */
	unsigned		 most;		/* of them, as its hosts take them */
	bool			 is_quick;	/* so was the last one */
	bool			 is_known;	/* there was one */
	bool			 is_resting;	/* and now it has no job */
	int64_t			 asked_utc_ms;	/* for; 0: never */
	UT_hash_handle		 hh;
	char			 name[];
};

/* A try under way. */
struct out_try {
	LIST_ENTRY(out_try)	 next;
	struct outbound		*outbound;
	struct out_job		*job;
	struct arena		*arena;
	struct rows_outbound	*rows;		/* as they were */
	/* what the postmaster has made of each meanwhile; DONE: removed */
	enum outbound_state	*meanwhile;
	size_t			 count;
	uint64_t		 later_ms;	/* the next that is not due yet */
	bool			 has_more;	/* than fit one try */
	uint64_t		 since_ms;
	bool			 is_quick;	/* counted so */
	uint64_t		 turn;		/* its connection; 0: ours */
};

/* What is due and waits for the line, the one that has waited longest first. */
struct out_line {
	struct line_state	 state;
	struct heap		 waiting, large, urgent;
	size_t			 leaving;	/* of those waiting, all the same */
	struct timer		*timer;
	int64_t			 since_utc_ms;	/* this life */
};

struct outbound {
	struct conductor	*conductor;
	/* of those with something due; by how quick they have been, if known */
	struct heap		 ready, ready_quick, ready_new;
	struct out_dest		*dests;
	struct out_job		*jobs;		/* all of them */
	unsigned		 resting;
	struct out_line		 line;
	LIST_HEAD(, out_try)	 tries;
	TAILQ_HEAD(out_records, out_record) standing;	/* in the journal */
	struct out_record	*records;	/* the same, by id */
	unsigned		 writing;	/* files of them */
	bool			 has_gone;	/* one, since that was looked at */
	struct out_sync		*sync;
	struct timer		*timer;
	unsigned		 active;
	unsigned		 slow;		/* of them, or maybe slow */
	bool			 is_up;		/* the relay is there */
	struct ways		 ways;		/* in: */
	struct arena		*ways_arena;	/* NULL: there are none */
	uint64_t		 ways_told;	/* so often, and once */
	/* jobs that have none, by how often they were told when that was seen */
	struct heap		 wayless;
	struct timer		*late_timer;	/* some are late then, at: */
	uint64_t		 late_ms;	/* 0: it is not set */
	uint64_t		 late_told_ms;	/* the postmaster; 0: never */
	bool			 has_gateways;	/* the keeper has said them */
	bool			 has_read;	/* there are jobs of all rows */
	struct gateways		 gateways;	/* in: */
	struct arena		*arena;		/* or NULL */
	struct text		 untaken;	/* a table, until it could be: */
	struct timer		*take_timer;
	bool			 has_changed;	/* since the first, at: */
	uint64_t		 changed_ms;
	struct out_asked	*asked;		/* a ring; or NULL */
	unsigned		 asked_next;
	LIST_HEAD(, out_turn)	 turns;
	uint64_t		 last_turn;	/* number */
	bool			 has_reached;	/* some host, at: */
	uint64_t		 reached_ms;
};

/*
 * There is a job for that row's message and destination, due at `due_ms` at the
 * latest; one that is being tried looks again after that.  0 or -ENOMEM.
 */
int	out_add(struct outbound *, const struct rows_outbound *,
	    uint64_t due_ms);
/* There is one. */
bool	out_has_job(const struct outbound *, const struct rows_outbound *);
/* The job that has that row, or NULL. */
struct out_job *out_job_of(const struct outbound *,
	    const struct rows_outbound *);
/* The destination of that name, or NULL. */
struct out_dest *out_dest_find(const struct outbound *, struct slice name);
/* A row, to be put among the jobs if it waits; for rows_outbound_each(). */
int	out_on_row(void *outbound, const struct rows_outbound *);
/* Does that row go to this destination? */
bool	out_is_for(const struct outbound *, const struct rows_outbound *,
	    const struct out_dest *);
/* Its destination may be tried at once, if it is known. */
void	out_end_pause(struct outbound *, const struct rows_outbound *);
/* The try that has this recipient, and its place there; NULL: none has. */
struct out_try *out_sending(const struct outbound *,
	    const struct rows_outbound *, size_t *place_out);
/* It is due then (again); it must not be under way. */
void	out_again(struct outbound *, struct out_job *, uint64_t due_ms);
/* It is done with. */
void	out_job_free(struct outbound *, struct out_job *);
/* Its destination's place among all follows from what there is of it now. */
void	out_dest_place(struct outbound *, struct out_dest *);
/* Whatever is due and may be tried is. */
void	out_pump(struct outbound *);
/*
 * How long until that row is due, and when that is, as clock_ms() has it.  What is
 * farther off than anything waits was noted before the clock was put back: nobody
 * knows when it was to be, and it is now.
 */
uint64_t out_wait_ms(const struct outbound *, const struct rows_outbound *);
uint64_t out_due_ms(const struct outbound *, const struct rows_outbound *);

/*
 * outbound_try.c: a try of that job with its rows, which nobody was asked for; and
 * one that is under way.  0, OUT_TRY_OVER (nobody need be asked), -ENOENT (there
 * is nothing to be sent), -EAGAIN (not before job->due.key) or -errno.
 */
#define OUT_TRY_OVER	1
int	out_try_rows(struct outbound *, struct out_job *,
	    struct out_try **try_out);
int	out_try_begin(struct outbound *, struct out_job *);
void	out_try_free(struct out_try *);
/* It was not begun, for that reason: when is it? */
void	out_put_off(struct outbound *, struct out_job *, int error);

/* outbound_way.c: the smarthost of its own by which it goes, or NULL. */
const struct way *out_way(const struct outbound *,
	    const struct rows_outbound *);
/* The destination of what has no way out. */
#define OUT_NO_WAY	"!"
/* There is none for that row. */
bool	out_has_no_way(const struct outbound *, const struct rows_outbound *);
/* The same, once the keeper has said which ways there are. */
bool	out_waits_for_way(const struct outbound *,
	    const struct rows_outbound *);
/* 0 or -ENOMEM; and its end. */
int	out_way_open(struct outbound *);
void	out_way_close(struct outbound *);
/*
 * That job had none when it was made.  It waits for one, being in no heap; unless
 * there is one by now.
 */
bool	out_way_bars(const struct out_job *);
void	out_way_wait(struct outbound *, struct out_job *);
/* Is there one by now for those that wait?  True: others are to be looked at. */
bool	out_way_look(struct outbound *);
/* Something has changed for what waits of that row's message. */
void	out_way_again(struct outbound *, const struct rows_outbound *);
/* It goes another way than it did: there is a job for it, too. */
void	out_follow(struct outbound *, const struct rows_outbound *);

/* That recipient is in a try under way. */
bool	out_is_trying(const struct outbound *, const struct rows_outbound *);

/*
 * outbound_tried.c: what a row has come to, for the trail; `tls` of the host that
 * took it.
 */
void	out_tell(struct conductor *, const struct rows_outbound *,
	    struct slice tls);

/* A try begins, or is over: 1 or -1 conversations. */
void	out_count(struct out_try *, int conversations);
/*
 * What the last one with that destination says of the next: it was quick, or not;
 * some recipient was taken, or none.
 */
void	out_dest_learn(struct outbound *, struct out_dest *, bool was_quick,
	    bool took_any);
/*
 * outbound_tried.c: it has no host and its last day has come, and nobody has
 * asked for it.
 */
void	out_try_unasked(struct out_try *);

/*
 * outbound_gateway.c: the domain for whose host that row is, or NULL: it goes as
 * any other mail does, or where the postmaster has sent it.
 */
const struct gateway *out_gateway(const struct outbound *,
	    const struct rows_outbound *);
/*
 * When that new row, whose recipient that is, is tried first; HELD: it was for a
 * gateway that is none any more.
 */
void	out_first_try(const struct transit *, const struct recipient *,
	    struct rows_outbound *);
/*
 * It is due because somebody has asked for it, which its row alone says to the
 * next process.
 */
bool	out_is_asked_for(const struct outbound *,
	    const struct rows_outbound *);
/* That destination is the host of a gateway domain. */
bool	out_dest_is_gateway(const struct outbound *, const struct out_dest *);
/* When what came then is given up. */
int64_t	out_last_day(const struct gateway *, int64_t since_utc_ms);
/* How many for it that came after `since` are received, and have no rows yet. */
size_t	out_coming(const struct outbound *, const struct gateway *,
	    int64_t since_utc_ms);
/* Begin (0 or -ENOMEM) and end. */
int	out_gateways_open(struct outbound *);
void	out_gateways_close(struct outbound *);
/* All that waits there is due now. */
void	out_run(struct outbound *, struct out_dest *);
/* Somebody, who is said to be `who`, has started that. */
void	out_note_asked(struct outbound *, const char *name, const char *who);

/*
 * outbound_turn.c: the number of the connection on which that domain's mail goes
 * now (RFC 2645), or 0.
 */
uint64_t out_turn_of(const struct outbound *, struct slice domain);
/* That destination is of such a one, and another message is on it. */
bool	out_turn_is_busy(const struct outbound *, const struct out_dest *);
/* 1 or -1 of its messages are on that connection. */
void	out_turn_count(struct outbound *, uint64_t number, int messages);
/* Those on which nothing is may go on, or have come to their end. */
void	out_turns_look(struct outbound *);
void	out_turns_free(struct outbound *);

/*
 * outbound_line.c: begin and end; the line bars that job, which is due; it waits
 * for the line from now on, being in no heap; not any more.
 */
int	out_line_open(struct outbound *);
void	out_line_close(struct outbound *);
bool	out_line_bars(const struct outbound *, const struct out_job *);
void	out_line_wait(struct outbound *, struct out_job *);
void	out_line_leave(struct out_job *);
/* Whoever need not wait any more does not. */
void	out_line_look(struct outbound *);
/* The postmaster wants it tried once, though the line is closed. */
void	out_line_pass(struct outbound *, struct out_job *);
/*
 * Some recipient of it does not go, or not there: with none left it waits, and
 * counts, no more, and is gone.
 */
void	out_line_check(struct outbound *, struct out_job *);
/* Its row is to say that it is urgent: its file stands. */
bool	out_line_is_urgent(const struct transit *);
/* What that job waits for, if it does. */
struct line_waits out_line_waits(const struct outbound *,
	    const struct out_job *);

/*
 * outbound_journal.c: the record at `position` stands there for those who leave.
 * 0 or -ENOMEM.
 */
int	out_record_add(const struct transit *, uint64_t position);
/* No row needs it any more; true: there was one, of a small message. */
bool	out_record_end(struct outbound *, const struct message_id *);
void	out_records_close(struct outbound *);
/*
 * A message that leaves, out of its record or its file: as kept_read() and
 * journal_read() have it.
 */
int	out_read(const struct conductor *, const struct message_id *,
	    struct text *buffer, struct slice *head_out,
	    struct slice *bytes_out);

/* What came of a try. */
struct out_said {
	struct message_id	 id;
	uint64_t		 number;	/* of the relay's result; or 0 */
	bool			 is_told;	/* its sender is to hear of it */
};

/*
 * outbound_sync.c: begin (0 or -ENOMEM) and end; some rows were taken that are to
 * be written later; the rows stand as was said, and need not be durable; they are
 * final, and will be so soon.
 */
int	out_sync_open(struct outbound *);
void	out_sync_close(struct outbound *);
void	out_unwritten(struct outbound *);
void	out_said(struct outbound *, const struct out_said *);
void	out_said_for_good(struct outbound *, const struct out_said *);
/* Now.  0 or a negative errno. */
int	out_sync(struct outbound *);

/* The record or file of a message, unless anybody still waits for it. */
void	out_drop_file(struct conductor *, const struct message_id *);
/* A copy for somebody here is just being written into that file. */
bool	out_is_being_kept(const struct conductor *, const struct message_id *);

#endif
