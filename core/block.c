/* block.c - see block.h. */
#include "core/block.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static const char begin_mark[] = "# kvmhost: begin";
static const char end_mark[] = "# kvmhost: end";

/* Is the line at text the mark (white space behind it is forgiven)? */
static bool is_mark(const char *text, size_t length, const char *mark)
{
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		length--;
	return length == strlen(mark) && memcmp(text, mark, length) == 0;
}

static int misplaced(const char *path, int line, const char *what, struct kh_error *err)
{
	kh_fail(err, KH_HOST, 0, "'%s:%d': %s", path, line, what);
	return kh_hint(err, "our lines stand between '%s' and '%s', once: put that in order",
		       begin_mark, end_mark);
}

int kh_block_find(const char *path, const char *text, struct kh_block *ret_block,
		  struct kh_error *err)
{
	struct kh_block block = {0};
	bool is_open = false;
	int line = 0;
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "\n");
		size_t next = length + (at[length] == '\n');
		line++;
		if (is_mark(at, length, begin_mark)) {
			if (block.is_present)
				return misplaced(path, line, "our lines begin a second time", err);
			block = (struct kh_block){true, (size_t)(at - text), 0, line};
			is_open = true;
		} else if (is_mark(at, length, end_mark)) {
			if (!is_open)
				return misplaced(path, line, "our lines end without a begin", err);
			block.end = (size_t)(at - text) + next;
			is_open = false;
		}
		at += next;
	}
	if (is_open)
		return misplaced(path, block.line, "our lines begin and do not end", err);
	*ret_block = block;
	return 0;
}

/* At the end of a text without a final newline the block gets the newline in front instead of
 * behind, so that the text still ends without one and taking the block out restores it. */
static char *insert(const char *text, size_t offset, const char *lines)
{
	bool is_bare_end = offset > 0 && !text[offset] && text[offset - 1] != '\n';
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_add_bytes(&out, text, offset);
	kh_str_addf(&out, "%s%s\n%s%s%s", is_bare_end ? "\n" : "", begin_mark, lines, end_mark,
		    is_bare_end ? "" : "\n");
	kh_str_add(&out, text + offset);
	return kh_str_take(&out);
}

static char *take_out(const char *text, const struct kh_block *block)
{
	size_t start = block->start;
	if (start > 0 && !text[block->end] && text[block->end - 1] != '\n')
		start--;
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_add_bytes(&out, text, start);
	kh_str_add(&out, text + block->end);
	return kh_str_take(&out);
}

static char *replace(const char *text, const struct kh_block *block, const char *lines)
{
	kh_auto(kh_str_done) struct kh_str out = {0};
	kh_str_add_bytes(&out, text, block->start);
	kh_str_addf(&out, "%s\n%s%s", begin_mark, lines, end_mark);
	kh_str_add(&out, text[block->end - 1] == '\n' ? "\n" : "");
	kh_str_add(&out, text + block->end);
	return kh_str_take(&out);
}

char *kh_block_put(const char *text, const struct kh_block *block, size_t offset, const char *lines)
{
	if (block->is_present)
		return *lines ? replace(text, block, lines) : take_out(text, block);
	return *lines ? insert(text, offset, lines) : kh_strdup(text);
}
