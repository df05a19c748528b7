package clib

// root gives how deep a borrowed object is inside of others of its type, and in which.
func (o *Object) root() (int, *Object) {
	steps, one := 0, o
	for one.holding == borrowed && steps <= o.kind.Depth {
		var up *Object
		for _, parent := range one.parents {
			if parent.kind == o.kind {
				up = parent
				break
			}
		}
		if up == nil {
			break
		}
		one = up
		steps++
	}
	return steps, one
}

// nest says why it may not take an item, or "".
func (o *Object) nest(item *Object) string {
	kind := item.kind
	if o.kind != kind {
		return ""
	}
	steps, root := o.root()
	height := steps + 1 + item.height
	if root == item {
		return kind.Name + " objects cannot be put into themselves"
	}
	if kind.Depth == 0 {
		return ""
	}
	if height > kind.Depth {
		return kind.tooDeep()
	}
	root.height = max(root.height, height)
	return ""
}
