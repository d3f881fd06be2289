/* rehearse.c - rehearse ROOT RELEASE SECONDS ARGUMENTS: what `kvmhost apply` does before a trial,
 * on the kernel and the initramfs in ROOT/boot, with the QEMU of this machine and no host around
 * it. Exit status: 0 it came up, 1 it did not (the reason on standard error), 2 usage, 3 not
 * rehearsed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "platform/rehearsal.h"

static bool is_warned;

static void tell(struct kh_sink *sink, const struct kh_event *event)
{
	(void)sink;
	if (event->kind == KH_EVENT_WARNING) {
		fprintf(stderr, "rehearse: %s\n", event->text);
		is_warned = true;
	}
}

static int make(const struct kh_making *making, const struct kh_plan *plan, struct kh_error *err)
{
	if (plan->change_count != 1) {
		fprintf(stderr, "rehearse: %s\n",
			plan->note_count ? plan->notes[0].text : "nothing is planned");
		return 3;
	}
	const struct kh_change *change = &plan->changes[0];
	if (change->maker->make(making, change->what, err) != 0)
		return -1;
	return is_warned ? 3 : 0;
}

static int run(char **argv, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	kh_auto(kh_plan_done) struct kh_plan plan;
	kh_plan_init(&plan, &root);
	if (kh_root_open(argv[1], &root, err) != 0 ||
	    kh_config_load_text("rehearse", NULL, 0, NULL, &config, err) != 0)
		return -1;
	kh_facts_collect(&root, &facts);
	facts.memory.available_kib = 4 << 20;
	config.grub.rehearsal_s = atoll(argv[3]);
	root.is_live = true; /* the plan is only of what runs here */
	struct kh_context context = {.config = &config, .facts = &facts, .root = &root};
	if (kh_rehearsal_plan(&context, &plan, argv[2], argv[4], err) != 0)
		return -1;
	struct kh_sink sink = {.event = tell};
	const struct kh_making making = {
		.root = &root, .config = &config, .facts = &facts, .sink = &sink, .stage = "grub"};
	return make(&making, &plan, err);
}

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (argc != 5) {
		fprintf(stderr, "usage: rehearse ROOT RELEASE SECONDS ARGUMENTS\n");
		return 2;
	}
	int result = run(argv, &err);
	if (result >= 0)
		return result;
	fprintf(stderr, "rehearse: %s\n", err.message);
	return 1;
}
