def test_x(stage): print(stage.ids)
