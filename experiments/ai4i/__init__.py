"""A milling machine that fails in four ways (AI4I 2020, synthetic): which way, part by part?"""
