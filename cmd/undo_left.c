/* undo_left.c - what undo cannot know of: boot entries made while the host had our arguments.
 *
 * A kernel that was installed meanwhile took them along, from /etc/kernel/cmdline or the running
 * kernel's line. Such an entry is its package's, not ours to change, but it boots next.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "core/base/mem.h"
#include "core/facts_boot.h"
#include "grub/menu.h"
#include "stages/grub.h"

void kh_undo_remember(const struct kh_root *root, struct kh_strv *ret_words)
{
	const struct kh_cmdline_groups none = {0};
	kh_auto(kh_strv_done) struct kh_strv stale = {0};
	kh_grub_remember(root, &none, ret_words, &stale);
}

static void warn(const struct kh_boot_entry *entry, const struct kh_strv *words,
		 struct kh_sink *sink)
{
	kh_auto(kh_strv_done) struct kh_strv left = {0};
	for (size_t i = 0; i < words->count; i++)
		if (kh_cmdline_has_word(entry->arguments, words->items[i]))
			kh_strv_add(&left, words->items[i]);
	if (left.count == 0)
		return;
	kh_auto(kh_free) char *text = kh_strv_join(&left, " ");
	kh_auto(kh_free) char *sentence =
		kh_printf("%s:%d: boot entry '%s' was made meanwhile and still has '%s': take it "
			  "out there",
			  entry->file, entry->line, entry->title ? entry->title : "?", text);
	const struct kh_event event = {.kind = KH_EVENT_WARNING, .stage = "grub", .text = sentence};
	sink->event(sink, &event);
}

void kh_undo_tell_left(const struct kh_root *root, const struct kh_strv *words,
		       struct kh_sink *sink)
{
	kh_auto(kh_strv_done) struct kh_strv now = {0};
	struct kh_facts_boot boot = {0};
	struct kh_boot_entries entries = {0};
	kh_undo_remember(root, &now);
	if (words->count == 0 || now.count > 0)
		return;
	kh_facts_boot_collect(root, &boot);
	kh_menu_read(root, &boot, &entries);
	for (size_t i = 0; i < entries.count; i++)
		if (entries.items[i].kind == KH_ENTRY_NORMAL && entries.items[i].arguments)
			warn(&entries.items[i], words, sink);
	kh_boot_entries_done(&entries);
	kh_facts_boot_done(&boot);
}
