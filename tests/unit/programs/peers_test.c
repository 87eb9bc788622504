/*
 * peers_test.c - a role's channels to the others, in the order in which they live
 */
#include "programs/peers.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

enum { HELLO = 1 };

struct scene {
	struct process	 process;
	char		 said[64];	/* of each channel a letter and what: + it
					   came, ! it said something, - lost */
	struct ipc	*last;
	int		 refuses;
};

/* Which of them; by its turn, as all look alike. */
static void
note(struct scene *scene, const struct ipc *ipc, char what)
{
	size_t len = strlen(scene->said);

	ck_assert_uint_lt(len + 2, sizeof(scene->said));
	scene->said[len] = ipc == scene->last ? 'b' : 'a';
	scene->said[len + 1] = what;
}

static int
on_hello(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;

	(void)message;
	note(process->state, from, '!');
	return 0;
}

static int
comes(struct process *process, struct ipc *ipc)
{
	struct scene *scene = process->state;

	scene->last = ipc;
	note(scene, ipc, '+');
	return scene->refuses;
}

static void
goes(struct process *process, struct ipc *ipc)
{
	note(process->state, ipc, '-');
}

static const struct ipc_rule rules[] = {
{ HELLO, "HELLO", FROM(ROLE_JUDGE), IPC_NEWS, 0, 0, on_hello },
{ 0 }
};
static const struct role_code code = {
	.role = ROLE_QUEUE, .rules = rules, .peer = comes, .lost = goes
};

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ .process = { .code = &code } };
	scene->process.state = scene;
	scene->process.loop = loop_new();
	ck_assert_ptr_nonnull(scene->process.loop);
}

/* A judge with that number; its own end. */
static struct ipc *
judge(struct scene *scene, uint64_t instance)
{
	const struct ipc_side side = { .lost = NULL };
	struct ipc *own;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
	own = ipc_new(scene->process.loop, fd[1], ROLE_QUEUE, 0, &side);
	ck_assert_ptr_nonnull(own);
	ck_assert_int_eq(peers_add(&scene->process, fd[0], ROLE_JUDGE,
	    instance), 0);
	return own;
}

/* It said so much and died, before the loop could turn. */
static void
says_and_dies(struct ipc *own, unsigned times)
{
	while (times-- > 0)
		ck_assert_int_eq(ipc_send(own, HELLO, slice_of(NULL, 0), NULL,
		    0), 0);
	ipc_free(own);
}

static void
end(struct scene *scene)
{
	for (int i = 0; i < 8; i++)
		turn(scene->process.loop);
	ck_assert(LIST_EMPTY(&scene->process.peers));
	loop_free(scene->process.loop);
}

START_TEST(the_old_one_is_lost_before_the_new_one_comes)
{
	struct scene scene;
	struct ipc *own;

	begin(&scene);
	own = judge(&scene, 1);
	says_and_dies(own, 2);
	own = judge(&scene, 1);
	ck_assert_str_eq(scene.said, "b+b!b!b-b+");
	says_and_dies(own, 1);
	end(&scene);
	ck_assert_str_eq(scene.said, "b+b!b!b-b+b!b-");
}
END_TEST

START_TEST(one_that_lives_is_heard_and_lives_on)
{
	struct scene scene;
	struct ipc *own[2];

	begin(&scene);
	own[0] = judge(&scene, 1);
	ck_assert_int_eq(ipc_send(own[0], HELLO, slice_of(NULL, 0), NULL, 0),
	    0);
	own[1] = judge(&scene, 1);
	ck_assert_str_eq(scene.said, "b+b!b+");
	says_and_dies(own[0], 1);
	turn(scene.process.loop);
	ck_assert_str_eq(scene.said, "b+b!b+a!a-");
	says_and_dies(own[1], 0);
	end(&scene);
	ck_assert_str_eq(scene.said, "b+b!b+a!a-b-");
}
END_TEST

START_TEST(another_one_s_end_waits_for_its_turn)
{
	struct scene scene;
	struct ipc *own;

	begin(&scene);
	says_and_dies(judge(&scene, 1), 1);
	own = judge(&scene, 2);
	ck_assert_str_eq(scene.said, "b+b+");
	turn(scene.process.loop);
	ck_assert_str_eq(scene.said, "b+b+a!a-");
	says_and_dies(own, 0);
	end(&scene);
}
END_TEST

START_TEST(one_that_is_not_wanted_is_closed)
{
	struct scene scene;
	struct ipc *own;

	begin(&scene);
	scene.refuses = -E2BIG;
	own = judge(&scene, 1);
	ck_assert(LIST_EMPTY(&scene.process.peers));
	ck_assert_int_eq(ipc_send(own, HELLO, slice_of(NULL, 0), NULL, 0),
	    -ECONNRESET);
	ipc_free(own);
	end(&scene);
	ck_assert_str_eq(scene.said, "b+");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/peers");
	TCase *tc = tcase_create("peers");

	tcase_add_test(tc, the_old_one_is_lost_before_the_new_one_comes);
	tcase_add_test(tc, one_that_lives_is_heard_and_lives_on);
	tcase_add_test(tc, another_one_s_end_waits_for_its_turn);
	tcase_add_test(tc, one_that_is_not_wanted_is_closed);
	suite_add_tcase(suite, tc);
	return suite;
}
