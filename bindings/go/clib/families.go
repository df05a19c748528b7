package clib

import (
	"cmp"
	"slices"
	"unsafe"
)

// lockMany locks the families of several objects, always in the same order, so that two calls never
// wait for each other.
func (c *Call) lockMany() error {
	families := make([]*family, 0, 8)
	for i := range c.count {
		families = append(families, c.entries[i].object.family)
	}
	for i := range c.mores {
		families = append(families, c.mores[i].object.family)
	}
	if c.loose {
		families = append(families, &c.function.Library.family)
	}
	slices.SortFunc(families, func(a, b *family) int {
		return cmp.Compare(uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(b)))
	})
	families = slices.Compact(families)
	for _, one := range families {
		first, err := c.lockOne(one)
		if err != nil {
			c.unlock()
			return err
		}
		if first {
			c.held = append(c.held, one)
		}
	}
	return nil
}

func (c *Call) unlock() {
	if c.single != nil {
		unlock(c.single)
		c.single = nil
	}
	for _, one := range c.held {
		unlock(one)
	}
	c.held = nil
}
